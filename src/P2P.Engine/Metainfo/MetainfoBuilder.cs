using System.Buffers;
using System.Collections.Immutable;
using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>What goes into a .torrent besides its info dictionary. Immutable.</summary>
internal sealed record MetainfoExtras
{
    /// <summary>Announce URLs by tier (BEP 12).</summary>
    public ImmutableArray<ImmutableArray<string>> Trackers { get; init; } = [];

    /// <summary>Web seeds (BEP 19).</summary>
    public ImmutableArray<string> WebSeeds { get; init; } = [];

    /// <summary>Free text; null for none.</summary>
    public string? Comment { get; init; }

    /// <summary>The program; null for none.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When; null for not told.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A v1 info dictionary to be (BEP 3, 27). Immutable.</summary>
/// <remarks>Hybrid and v2 (BEP 52) will add their "file tree" and "meta version" here; their "piece layers" belong into <see cref="MetainfoExtras"/>.</remarks>
internal sealed record InfoContent
{
    /// <summary>Name of the file or folder.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes per piece.</summary>
    public required int PieceLength { get; init; }

    /// <summary>20 bytes of SHA-1 for every piece.</summary>
    public required ReadOnlyMemory<byte> PieceHashes { get; init; }

    /// <summary>Bytes of the one file; null for a folder.</summary>
    public long? Length { get; init; }

    /// <summary>Files of a folder in order: names below the folder, and bytes.</summary>
    public ImmutableArray<(ImmutableArray<string> Path, long Length)> Files { get; init; } = [];

    /// <summary>BEP 27.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Mark of the site it is for; null for none.</summary>
    public string? Source { get; init; }
}

/// <summary>Prints .torrent files, keys in the standard order. Pure.</summary>
internal static class MetainfoBuilder
{
    /// <summary>The exact bytes of an info dictionary.</summary>
    public static byte[] Info(InfoContent content)
    {
        var output = new ArrayBufferWriter<byte>(content.PieceHashes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (content.Length is null)
        {
            writer.WriteKey("files"u8);
            writer.BeginList();
            foreach (var (path, length) in content.Files)
            {
                writer.BeginDictionary();
                writer.Write("length"u8, length);
                writer.WriteKey("path"u8);
                writer.BeginList();
                foreach (var name in path)
                {
                    writer.WriteString(name);
                }

                writer.End();
                writer.End();
            }

            writer.End();
        }
        else
        {
            writer.Write("length"u8, content.Length.Value);
        }

        writer.Write("name"u8, content.Name);
        writer.Write("piece length"u8, content.PieceLength);
        writer.Write("pieces"u8, content.PieceHashes.Span);
        if (content.IsPrivate)
        {
            writer.Write("private"u8, 1);
        }

        if (content.Source is not null)
        {
            writer.Write("source"u8, content.Source);
        }

        writer.End();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A .torrent around an info dictionary that came from peers, its bytes untouched.</summary>
    public static byte[] Wrap(ReadOnlyMemory<byte> infoBytes, ImmutableArray<ImmutableArray<string>> trackers) =>
        Wrap(infoBytes, new MetainfoExtras { Trackers = trackers });

    /// <summary>A .torrent around an info dictionary, its bytes untouched.</summary>
    public static byte[] Wrap(ReadOnlyMemory<byte> infoBytes, MetainfoExtras extras)
    {
        var output = new ArrayBufferWriter<byte>(infoBytes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (!extras.Trackers.IsDefaultOrEmpty)
        {
            writer.Write("announce"u8, extras.Trackers[0][0]);
            if (extras.Trackers.Length > 1 || extras.Trackers[0].Length > 1)
            {
                writer.WriteKey("announce-list"u8);
                writer.BeginList();
                foreach (var tier in extras.Trackers)
                {
                    WriteList(writer, tier);
                }

                writer.End();
            }
        }

        WriteText(writer, "comment"u8, extras.Comment);
        WriteText(writer, "created by"u8, extras.CreatedBy);
        if (extras.CreatedAt is { } at)
        {
            writer.Write("creation date"u8, at.ToUnixTimeSeconds());
        }

        writer.WriteKey("info"u8);
        writer.WriteEncoded(infoBytes.Span);
        if (!extras.WebSeeds.IsDefaultOrEmpty)
        {
            writer.WriteKey("url-list"u8);
            WriteList(writer, extras.WebSeeds);
        }

        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private static void WriteText(BencodeWriter writer, ReadOnlySpan<byte> key, string? text)
    {
        if (text is not null)
        {
            writer.Write(key, text);
        }
    }

    private static void WriteList(BencodeWriter writer, ImmutableArray<string> items)
    {
        writer.BeginList();
        foreach (var item in items)
        {
            writer.WriteString(item);
        }

        writer.End();
    }
}
