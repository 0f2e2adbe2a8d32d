namespace P2P.Engine.Bencode;

/// <summary>What a <see cref="BencodeReader"/> stands on.</summary>
internal enum BencodeKind : byte
{
    /// <summary>Nothing read yet.</summary>
    None,

    /// <summary>A number, or "i...e" as bytes.</summary>
    Number,

    /// <summary>A byte string; a dictionary's key when <see cref="BencodeReader.IsKey"/>.</summary>
    String,

    /// <summary>A list begins.</summary>
    List,

    /// <summary>A dictionary begins.</summary>
    Dictionary,

    /// <summary>The innermost list or dictionary ends.</summary>
    End,
}
