using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>Reads a .torrent: checks all of it, cleans its names, keeps its info dictionary byte for byte.</summary>
/// <remarks>
/// v1, hybrid (transferred as v1) and v2 (read only). One pass over the bytes accepts the bencoding; the parts are then found by
/// position, so that a hostile file makes no objects. Stateless. Source: BEP 3, 12, 19, 27, 47, 52; limits in <see cref="MetainfoLimits"/>.
/// </remarks>
internal sealed class MetainfoReader
{
    private const long LastSecond = 253_402_300_799; // 9999-12-31T23:59:59Z

    private static readonly ImmutableArray<string> RootKeys =
        ["info", "announce", "announce-list", "url-list", "comment", "comment.utf-8", "created by", "creation date", "piece layers", "nodes"];

    private static readonly ImmutableArray<string> InfoKeys =
        ["name", "name.utf-8", "piece length", "pieces", "length", "files", "file tree", "meta version", "private"];

    private readonly ReadOnlyMemory<byte> _file;
    private readonly NameSanitiser _names;
    private readonly List<string> _warnings = [];
    private readonly RawValue[] _root = new RawValue[RootKeys.Length];
    private readonly RawValue[] _info = new RawValue[InfoKeys.Length];

    private MetainfoReader(ReadOnlyMemory<byte> file, NamePlatform platform)
    {
        _file = file;
        _names = new NameSanitiser(platform);
    }

    /// <summary>Reads a whole .torrent file by the name rules of this machine; throws only <see cref="MetainfoException"/>.</summary>
    /// <remarks>The result keeps parts of <paramref name="torrentFile"/>, which must not change afterwards.</remarks>
    public static TorrentMetainfo Read(ReadOnlyMemory<byte> torrentFile) => Read(torrentFile, NameSanitiser.CurrentPlatform);

    /// <summary>Reads by the name rules of another machine.</summary>
    public static TorrentMetainfo Read(ReadOnlyMemory<byte> torrentFile, NamePlatform platform)
    {
        try
        {
            return new MetainfoReader(torrentFile, platform).Read();
        }
        catch (BencodeException fault)
        {
            throw new MetainfoException(
                fault.Code, $"The file is damaged at byte {fault.Offset} ({fault.Message.TrimEnd('.')}); download the .torrent again.", fault.Offset);
        }
    }

    private TorrentMetainfo Read()
    {
        var isSorted = MetainfoSyntax.Accept(_file);
        RawValue.At(_file, 0).Pick(RootKeys.AsSpan(), _root);
        var info = Root("info");
        if (info.Kind != BencodeKind.Dictionary)
        {
            throw Fault("torrent.no_info", "The file has no torrent information in it; download the .torrent again.", info);
        }

        info.Pick(InfoKeys.AsSpan(), _info);
        var isV2 = ReadVersion(isSorted);
        var hasV1 = !isV2 || Info("pieces").IsPresent || Info("files").IsPresent || Info("length").IsPresent;
        var hashV2 = isV2 ? SHA256.HashData(info.Bytes.Span) : null;
        var infoHash = new InfoHash(hasV1 ? SHA1.HashData(info.Bytes.Span) : hashV2!);
        var name = ReadName(infoHash);
        var pieceLength = ReadPieceLength(isV2);

        var treeFiles = isV2 ? ReadTree(name, hasV1) : null;
        var files = hasV1 ? FileListReader.Read(Info("length"), Info("files"), name, _names) : treeFiles!.ToArray();
        var geometry = hasV1 ? ContiguousGeometry(files, pieceLength) : AlignedGeometry(files, pieceLength);
        var hashes = hasV1 ? ReadPieceHashes(geometry) : default;
        var layers = isV2 ? PieceLayerReader.Read(Root("piece layers"), treeFiles!, pieceLength) : [];
        if (hasV1 && isV2)
        {
            layers = HybridCheck.Combine(files, treeFiles!, layers, pieceLength);
        }

        var trackers = AnnounceListReader.Trackers(Root("announce"), Root("announce-list"), out var ignoredTrackers);
        var webSeeds = AnnounceListReader.WebSeeds(Root("url-list"), out var ignoredSeeds);
        var list = BuildFiles(name, files);
        if (!isSorted)
        {
            _warnings.Insert(0, "The file is not written in the standard order; it was read all the same.");
        }

        Warn(ignoredTrackers, "tracker was ignored, because its address cannot be used.", "trackers were ignored, because their addresses cannot be used.");
        Warn(ignoredSeeds, "web seed was ignored, because its address cannot be used.", "web seeds were ignored, because their addresses cannot be used.");
        return new TorrentMetainfo
        {
            InfoHash = infoHash,
            InfoHashV2 = isV2 ? hashV2 : default(ReadOnlyMemory<byte>?), // a null array would become an empty memory
            InfoBytes = info.Bytes,
            HasV1 = hasV1,
            Name = name,
            Geometry = geometry,
            PieceHashes = hashes,
            Files = list,
            PieceLayers = ImmutableCollectionsMarshal.AsImmutableArray(layers),
            IsPrivate = Info("private") is { IsPresent: true } flag && flag.Number != 0,
            Trackers = trackers,
            WebSeeds = webSeeds,
            Nodes = NodeListReader.Read(Root("nodes")),
            Comment = ReadText(Root("comment.utf-8").Text ?? Root("comment").Text),
            CreatedBy = ReadText(Root("created by").Text),
            CreatedAt = Root("creation date").Number is >= 0 and <= LastSecond and var second ? DateTimeOffset.FromUnixTimeSeconds(second) : null,
            Warnings = [.. _warnings],
        };
    }

    private static MetainfoException Fault(string code, string message, RawValue at) => new(code, message, at.IsPresent ? at.Offset : null);

    private RawValue Root(string key) => _root[RootKeys.IndexOf(key)];

    private RawValue Info(string key) => _info[InfoKeys.IndexOf(key)];

    private bool ReadVersion(bool isSorted)
    {
        var version = Info("meta version");
        if (!version.IsPresent)
        {
            return Info("file tree").IsPresent || Root("piece layers").IsPresent
                ? throw Fault("torrent.v2_missing_version", "The torrent mixes two formats; ask its author for a corrected one.", Info("file tree"))
                : false;
        }

        if (version.Number is not (1 or 2))
        {
            throw Fault("torrent.meta_version", "The torrent is of a format that this version does not know; look for an update.", version);
        }

        if (version.Number == 2 && !isSorted)
        {
            throw new MetainfoException("torrent.v2_unsorted", "The torrent is not written as its format demands; ask its author for a corrected one.");
        }

        return version.Number == 2;
    }

    private string ReadName(InfoHash infoHash)
    {
        if (Info("name").Text is not { } raw)
        {
            throw Fault("torrent.name", "The torrent has no name; ask its author for a corrected one.", Info("name"));
        }

        raw = Info("name.utf-8").Text is { Length: > 0 } utf8 && Utf8.IsValid(utf8.Span) ? utf8 : raw;
        return raw.IsEmpty ? infoHash.ToString() : _names.Clean(raw.Span);
    }

    private int ReadPieceLength(bool isV2)
    {
        var value = Info("piece length");
        var isGood = isV2
            ? value.Number is >= PieceGeometry.BlockLength and <= MetainfoLimits.PieceLengthV2 && BitOperations.IsPow2(value.Number.Value)
            : value.Number is >= 1 and <= MetainfoLimits.PieceLength;
        return isGood
            ? (int)value.Number!.Value
            : throw Fault("torrent.piece_length", "The torrent's piece length is missing or impossible; ask its author for a corrected one.", value);
    }

    private List<ListedFile> ReadTree(string name, bool hasV1)
    {
        var tree = Info("file tree");
        var isFolder = hasV1 ? Info("files").IsPresent : !FileTreeReader.IsSingleFile(tree, Info("name").Text!.Value.Span);
        var names = hasV1 ? new NameSanitiser(_names.Platform) : _names; // a hybrid's names are counted once, in its v1 half
        return FileTreeReader.Read(_file, tree, name, isFolder, names);
    }

    private ReadOnlyMemory<byte> ReadPieceHashes(PieceGeometry geometry)
    {
        var pieces = Info("pieces");
        if (pieces.Text is not { } hashes)
        {
            throw Fault("torrent.pieces", "The torrent has no piece hashes; ask its author for a corrected one.", pieces);
        }

        if (hashes.Length % InfoHash.Length != 0)
        {
            throw Fault("torrent.pieces_multiple", "The torrent's piece hashes are cut short; download the .torrent again.", pieces);
        }

        return hashes.Length / InfoHash.Length == geometry.PieceCount
            ? hashes
            : throw Fault("torrent.pieces_count", "The torrent's piece hashes do not fit its size; ask its author for a corrected one.", pieces);
    }

    private static PieceGeometry ContiguousGeometry(ListedFile[] files, int pieceLength)
    {
        var total = TotalOf(files, pieceLength, isAligned: false);
        return PieceGeometry.Contiguous(total, pieceLength);
    }

    private static PieceGeometry AlignedGeometry(ListedFile[] files, int pieceLength)
    {
        TotalOf(files, pieceLength, isAligned: true);
        return PieceGeometry.FileAligned(Array.ConvertAll(files, file => file.Length), pieceLength);
    }

    /// <summary>Checks size and piece count before anything is allocated by them.</summary>
    private static long TotalOf(ListedFile[] files, int pieceLength, bool isAligned)
    {
        long total = 0;
        long alignedPieces = 0;
        foreach (var file in files)
        {
            if (file.Length > long.MaxValue - total)
            {
                throw TooLarge();
            }

            total += file.Length;
            alignedPieces += (file.Length / pieceLength) + (file.Length % pieceLength != 0 ? 1 : 0);
        }

        var pieces = isAligned ? alignedPieces : (total / pieceLength) + (total % pieceLength != 0 ? 1 : 0);
        if (pieces > MetainfoLimits.Pieces)
        {
            throw new MetainfoException(
                "torrent.too_many_pieces", $"The torrent has {pieces:N0} pieces; at most {MetainfoLimits.Pieces:N0} are supported.");
        }

        if (total > MetainfoLimits.TotalLength)
        {
            throw TooLarge();
        }

        return total > 0 ? total : throw new MetainfoException("torrent.length", "The torrent's files are all empty, so there is nothing to download.");

        static MetainfoException TooLarge() => new("torrent.too_large", "The torrent claims to be larger than 1 PiB; this is not supported.");
    }

    private ImmutableArray<MetainfoFile> BuildFiles(string name, ListedFile[] files)
    {
        var paths = Array.ConvertAll(files, file => file.Path);
        var renamed = PathClashes.Resolve(paths, _names.Platform);
        var built = ImmutableArray.CreateBuilder<MetainfoFile>(files.Length);
        long offset = 0;
        for (var i = 0; i < files.Length; i++)
        {
            var (_, length, root) = files[i];
            var path = paths[i] ?? string.Create(CultureInfo.InvariantCulture, $"{name}/.pad/{i}");
            built.Add(new MetainfoFile(path, length, offset, files[i].IsPad, root));
            offset += length;
        }

        Warn(_names.ChangedCount, "name was changed, because it was not safe or could mislead.", "names were changed, because they were not safe or could mislead.");
        Warn(renamed, "file was renamed, because another has the same name.", "files were renamed, because others have the same names.");
        return built.MoveToImmutable();
    }

    private void Warn(int count, string one, string many)
    {
        if (count > 0)
        {
            _warnings.Add(count == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{count} {many}"));
        }
    }

    /// <summary>Free text, cut; a stranger's, so whoever shows it escapes it.</summary>
    private static string? ReadText(ReadOnlyMemory<byte>? raw)
    {
        if (raw is not { Length: > 0 } bytes)
        {
            return null;
        }

        // A character takes at most 4 bytes, so the rest of a huge comment is not even decoded.
        var text = Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, 4 * MetainfoLimits.TextLength)]);
        if (text.Length <= MetainfoLimits.TextLength)
        {
            return text;
        }

        return char.IsHighSurrogate(text[MetainfoLimits.TextLength - 1]) ? text[..(MetainfoLimits.TextLength - 1)] : text[..MetainfoLimits.TextLength];
    }
}
