using System.Security.Cryptography;
using System.Text;
using P2P.Engine.Bencode;
using P2P.Engine.Metainfo;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Bencoded bytes written by hand, so that a test can also say what no honest program would.</summary>
internal static class Ben
{
    /// <summary>A byte string.</summary>
    public static byte[] S(ReadOnlySpan<byte> bytes) => [.. Encoding.ASCII.GetBytes($"{bytes.Length}:"), .. bytes];

    /// <summary>Text as UTF-8.</summary>
    public static byte[] S(string text) => S(Encoding.UTF8.GetBytes(text));

    /// <summary>A number.</summary>
    public static byte[] I(long value) => Encoding.ASCII.GetBytes($"i{value}e");

    /// <summary>A list.</summary>
    public static byte[] L(params IEnumerable<byte[]> items) => [(byte)'l', .. items.SelectMany(item => item), (byte)'e'];

    /// <summary>A list of texts.</summary>
    public static byte[] Texts(params IEnumerable<string> items) => L(items.Select(S));

    /// <summary>A dictionary, entries in the order given.</summary>
    public static byte[] D(params IEnumerable<(string Key, byte[] Value)> entries) =>
        Join('d', entries.SelectMany(entry => new[] { S(entry.Key), entry.Value }));

    /// <summary>A dictionary of byte keys, entries sorted.</summary>
    public static byte[] Sorted(IEnumerable<(byte[] Key, byte[] Value)> entries) =>
        Join('d', entries.OrderBy(e => e.Key, ByteOrder).SelectMany(entry => new[] { S(entry.Key), entry.Value }));

    private static byte[] Join(char mark, IEnumerable<byte[]> parts)
    {
        using var output = new MemoryStream();
        output.WriteByte((byte)mark);
        foreach (var part in parts)
        {
            output.Write(part);
        }

        output.WriteByte((byte)'e');
        return output.ToArray();
    }

    /// <summary>Order of bencoded keys.</summary>
    public static IComparer<byte[]> ByteOrder { get; } = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));
}

/// <summary>A .torrent that is good until a test says otherwise: entries by key, sorted when printed.</summary>
internal sealed class TorrentBuilder
{
    private readonly SortedDictionary<string, byte[]> _root = new(StringComparer.Ordinal);

    /// <summary>Entries of the info dictionary; a test may set, replace and remove.</summary>
    public SortedDictionary<string, byte[]> Info { get; } = new(StringComparer.Ordinal);

    /// <summary>Entries beside "info".</summary>
    public SortedDictionary<string, byte[]> Root => _root;

    /// <summary>One file "T" of <paramref name="length"/> bytes in pieces of 16 KiB.</summary>
    public static TorrentBuilder Single(long length = 40_000, string name = "T")
    {
        var builder = new TorrentBuilder();
        builder.Info["name"] = Ben.S(name);
        builder.Info["length"] = Ben.I(length);
        return builder.Pieces(length, 16_384);
    }

    /// <summary>A folder "T" with these files, each 10 bytes, in one piece or more.</summary>
    public static TorrentBuilder Folder(params string[][] paths) => Folder(paths.Select(path => (10L, Ben.Texts(path))).ToArray());

    /// <summary>A folder "T" with files of given lengths and encoded paths.</summary>
    public static TorrentBuilder Folder(params (long Length, byte[] Path)[] files)
    {
        var builder = new TorrentBuilder();
        builder.Info["name"] = Ben.S("T");
        builder.Info["files"] = Ben.L(files.Select(file => Ben.D(("length", Ben.I(file.Length)), ("path", file.Path))));
        return builder.Pieces(files.Sum(file => file.Length), 16_384);
    }

    /// <summary>Piece length and as many hashes as the size needs.</summary>
    public TorrentBuilder Pieces(long total, long pieceLength)
    {
        Info["piece length"] = Ben.I(pieceLength);
        var hashes = new byte[20 * ((total + pieceLength - 1) / pieceLength)];
        new Random(1).NextBytes(hashes);
        Info["pieces"] = Ben.S(hashes);
        return this;
    }

    /// <summary>Sets or replaces an entry of the info dictionary.</summary>
    public TorrentBuilder With(string key, byte[] value)
    {
        Info[key] = value;
        return this;
    }

    /// <summary>Sets or replaces an entry beside "info".</summary>
    public TorrentBuilder WithRoot(string key, byte[] value)
    {
        _root[key] = value;
        return this;
    }

    /// <summary>Removes an entry of the info dictionary.</summary>
    public TorrentBuilder Without(string key)
    {
        Info.Remove(key);
        return this;
    }

    /// <summary>The bytes of the info dictionary.</summary>
    public byte[] InfoBytes() => Ben.D(Info.Select(entry => (entry.Key, entry.Value)));

    /// <summary>The bytes of the .torrent.</summary>
    public byte[] Build()
    {
        if (Info.Count > 0)
        {
            _root["info"] = InfoBytes();
        }

        return Ben.D(_root.Select(entry => (entry.Key, entry.Value)));
    }

    /// <summary>Reads what was built by the rules of Linux.</summary>
    public TorrentMetainfo Read(NamePlatform platform = NamePlatform.Unix) => MetainfoReader.Read(Build(), platform);
}

/// <summary>A v2 or hybrid .torrent whose hashes are right.</summary>
internal sealed class TorrentV2Builder(int pieceLength = 16_384)
{
    private readonly List<(string[] Path, byte[] Content)> _files = [];

    /// <summary>What a test changed in the leaf of a file, by its last path component.</summary>
    public Dictionary<string, byte[]> Leaves { get; } = [];

    /// <summary>Adds a file of repeating content.</summary>
    public TorrentV2Builder File(int length, params string[] path)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        _files.Add((path, content));
        return this;
    }

    /// <summary>The v2 torrent, files in tree order.</summary>
    public TorrentBuilder Build()
    {
        var builder = new TorrentBuilder();
        builder.Info["name"] = Ben.S("T");
        builder.Info["meta version"] = Ben.I(2);
        builder.Info["piece length"] = Ben.I(pieceLength);
        builder.Info["file tree"] = Tree(_files, 0);
        builder.Root["piece layers"] = Ben.Sorted(_files.Where(f => f.Content.Length > pieceLength).Select(f => (Root(f.Content), Ben.S(Layer(f.Content)))));
        return builder;
    }

    /// <summary>The hybrid torrent, with the pads v1 needs.</summary>
    public TorrentBuilder BuildHybrid()
    {
        var builder = Build();
        var entries = new List<byte[]>();
        long total = 0;
        foreach (var (path, content) in _files)
        {
            var pad = content.Length == 0 ? 0 : (int)((pieceLength - (total % pieceLength)) % pieceLength);
            if (pad > 0)
            {
                entries.Add(Ben.D(("attr", Ben.S("p")), ("length", Ben.I(pad)), ("path", Ben.Texts(".pad", $"{pad}"))));
                total += pad;
            }

            entries.Add(Ben.D(("length", Ben.I(content.Length)), ("path", Ben.Texts(path))));
            total += content.Length;
        }

        builder.Info["files"] = Ben.L(entries);
        return builder.Pieces(total, pieceLength);
    }

    /// <summary>Merkle root of a file, straight from the definition: all leaves up to a power of two.</summary>
    public static byte[] Root(byte[] content)
    {
        var leaves = Blocks(content, 1);
        while (leaves.Count > 1)
        {
            leaves = [.. leaves.Chunk(2).Select(pair => SHA256.HashData([.. pair[0], .. pair[1]]))];
        }

        return leaves[0];
    }

    private byte[] Layer(byte[] content) => [.. content.Chunk(pieceLength).SelectMany(piece =>
    {
        var level = Blocks(piece, pieceLength / 16_384);
        while (level.Count > 1)
        {
            level = [.. level.Chunk(2).Select(pair => SHA256.HashData([.. pair[0], .. pair[1]]))];
        }

        return level[0];
    })];

    private static List<byte[]> Blocks(byte[] content, int atLeast)
    {
        var leaves = content.Chunk(16_384).Select(block => SHA256.HashData(block)).ToList();
        while (leaves.Count < atLeast || !System.Numerics.BitOperations.IsPow2(leaves.Count))
        {
            leaves.Add(new byte[32]);
        }

        return leaves;
    }

    private byte[] Tree(IEnumerable<(string[] Path, byte[] Content)> files, int depth) => Ben.Sorted(
        files.GroupBy(file => file.Path[depth]).Select(group => (Encoding.UTF8.GetBytes(group.Key), group.First().Path.Length == depth + 1
            ? Ben.D(("", Leaves.GetValueOrDefault(group.Key) ?? Leaf(group.First().Content)))
            : Tree(group, depth + 1))));

    private static byte[] Leaf(byte[] content) => content.Length == 0
        ? Ben.D(("length", Ben.I(0)))
        : Ben.D(("length", Ben.I(content.Length)), ("pieces root", Ben.S(Root(content))));
}
