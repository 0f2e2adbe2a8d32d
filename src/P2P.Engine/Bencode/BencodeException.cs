namespace P2P.Engine.Bencode;

/// <summary>The stable codes of everything that can be wrong with bencoded bytes.</summary>
internal static class BencodeError
{
    /// <summary>The input ends inside a value. Offset: the length of the input.</summary>
    public const string Eof = "bencode.eof";

    /// <summary>A number is not written as BEP 3 wants it. Offset: the byte that is wrong.</summary>
    public const string Int = "bencode.int";

    /// <summary>A number does not fit 64 signed bits. Offset: the digit that is too many.</summary>
    public const string IntOverflow = "bencode.int_overflow";

    /// <summary>A string's length has a leading zero, too many digits or no colon. Offset: the byte that is wrong.</summary>
    public const string StrLen = "bencode.strlen";

    /// <summary>A byte that cannot start a value there. Offset: that byte.</summary>
    public const string Syntax = "bencode.syntax";

    /// <summary>Lists and dictionaries are nested too deeply. Offset: the one that is too many.</summary>
    public const string Depth = "bencode.depth";

    /// <summary>Too many values. Offset: the one that is too many.</summary>
    public const string Tokens = "bencode.tokens";

    /// <summary>A dictionary has a key twice. Offset: the second one.</summary>
    public const string DuplicateKey = "bencode.duplicate_key";

    /// <summary>Bytes follow the value. Offset: the first of them.</summary>
    public const string Trailing = "bencode.trailing";
}

/// <summary>Bytes that are not the bencoding they should be; the only exception the reader throws.</summary>
internal sealed class BencodeException(string code, int offset, string message) : Exception(message)
{
    /// <summary>One of <see cref="BencodeError"/>.</summary>
    public string Code { get; } = code;

    /// <summary>Offset in the input, in bytes, 0..length.</summary>
    public int Offset { get; } = offset;
}
