using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>The first look at a .torrent: is it one bencoded dictionary, whole and within limits?</summary>
internal static class MetainfoSyntax
{
    /// <summary>Returns whether every dictionary has its keys in order.</summary>
    /// <exception cref="MetainfoException">torrent.too_big, torrent.not_dict, path.depth.</exception>
    /// <exception cref="BencodeException">Everything else that is wrong with the bytes.</exception>
    public static bool Accept(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.Length > MetainfoLimits.FileBytes)
        {
            throw new MetainfoException("torrent.too_big", "The .torrent file is larger than 64 MiB; this is not supported.");
        }

        if (!bytes.StartsWith("d"u8) && !bytes.StartsWith("\uFEFF"u8))
        {
            throw new MetainfoException("torrent.not_dict", $"This is not a .torrent file: it {Describe(bytes)}; choose another file.", 0);
        }

        var reader = new BencodeReader(TrimLineEnd(bytes), BencodeLimits.File);
        var (isInInfo, isInTree) = (false, false);
        try
        {
            while (reader.Read())
            {
                if (reader is { IsKey: true, Depth: 1 })
                {
                    (isInInfo, isInTree) = (reader.Text.SequenceEqual("info"u8), false);
                }
                else if (isInInfo && reader is { IsKey: true, Depth: 2 })
                {
                    isInTree = reader.Text.SequenceEqual("file tree"u8);
                }
            }

            reader.ReadToEnd();
        }
        catch (BencodeException fault) when (fault.Code == BencodeError.Depth && isInTree)
        {
            throw FileCounts.TooDeep(fault.Offset); // the reader's limit is reached before that on folders
        }

        return !reader.IsUnsorted;
    }

    /// <summary>Editors and mail leave a line end behind: up to two bytes of it are forgiven.</summary>
    private static ReadOnlySpan<byte> TrimLineEnd(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < 2 && bytes[^1] is (byte)'\r' or (byte)'\n'; i++)
        {
            bytes = bytes[..^1];
        }

        return bytes;
    }

    private static string Describe(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => "is empty",
        [0x1F, 0x8B, ..] => "is compressed with gzip; unpack it first",
        [(byte)'P', (byte)'K', ..] => "is a ZIP archive; unpack it first",
        [(byte)'<', ..] => "is a web page, perhaps the error message of the site it came from",
        [(byte)'m', (byte)'a', (byte)'g', (byte)'n', (byte)'e', (byte)'t', (byte)':', ..] => "is a magnet link",
        _ => "does not begin like one",
    };
}
