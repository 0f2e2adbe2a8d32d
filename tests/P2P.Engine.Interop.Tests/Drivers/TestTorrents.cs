using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>A .torrent and its data, made for a test.</summary>
/// <param name="TorrentPath">The .torrent.</param>
/// <param name="Directory">The folder the data is in: what a seed is given as its folder.</param>
/// <param name="InfoHash">Of the info dictionary.</param>
/// <param name="Length">Bytes of all files.</param>
/// <param name="Files">Paths relative to the folder, '/'-separated, with the SHA-256 of each.</param>
public sealed record TestTorrent(
    string TorrentPath, string Directory, InfoHash InfoHash, long Length, IReadOnlyList<(string Path, string Sha256)> Files)
{
    /// <summary>Fails unless <paramref name="directory"/> holds every file with the same bytes.</summary>
    public void AssertCopiedTo(string directory)
    {
        foreach (var (path, sha256) in Files)
        {
            using var copy = File.OpenRead(System.IO.Path.Combine(directory, path));
            Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(copy)));
        }
    }
}

/// <summary>Makes torrents of random data, with a bencoder of its own so that a fault of the engine's cannot hide itself.</summary>
public static class TestTorrents
{
    private const int ChunkLength = 1 << 20;

    /// <summary>One file of random bytes.</summary>
    /// <param name="loopback">Gives the folder.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="pieceLength">Bytes.</param>
    /// <param name="announce">Announce URL, or null for none.</param>
    /// <param name="seed">Of the data and the name; the same seed gives the same torrent.</param>
    /// <param name="isPrivate">BEP 27; from now on every packet of ours is watched for its infohash.</param>
    public static TestTorrent Single(LoopbackFixture loopback, long length, int pieceLength, string? announce, int seed = 1, bool isPrivate = false)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"random-{length}-{seed}.bin");
        return Make(loopback, name, [(name, length)], isSingle: true, pieceLength, announce, seed, isPrivate);
    }

    /// <summary>Several files of random bytes in a folder; names may hold '/'.</summary>
    public static TestTorrent Multi(
        LoopbackFixture loopback, IEnumerable<(string Name, long Length)> files, int pieceLength, string? announce, int seed = 1)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"folder-{seed}");
        return Make(loopback, folder, [.. files.Select(file => ($"{folder}/{file.Name}", file.Length))], isSingle: false, pieceLength, announce, seed);
    }

    private static TestTorrent Make(
        LoopbackFixture loopback, string name, (string Path, long Length)[] files, bool isSingle, int pieceLength, string? announce, int seed, bool isPrivate = false)
    {
        var directory = loopback.NewDirectory("data");
        var (pieces, sums) = WriteData(directory, files, pieceLength, new Random(seed));
        var info = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["name"] = name,
            ["piece length"] = (long)pieceLength,
            ["pieces"] = pieces,
        };
        if (isSingle)
        {
            info["length"] = files[0].Length;
        }
        else
        {
            info["files"] = files.Select(file => (object)new SortedDictionary<string, object>(StringComparer.Ordinal)
            {
                ["length"] = file.Length,
                ["path"] = file.Path.Split('/').Skip(1).Cast<object>().ToList(),
            }).ToList();
        }

        if (isPrivate)
        {
            info["private"] = 1L;
            OurPeer.Privacy.Add(new InfoHash(Sha1(Encode(info))));
        }

        var torrent = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["info"] = info };
        if (announce is not null)
        {
            torrent["announce"] = announce;
        }

        var torrentPath = Path.Combine(loopback.NewDirectory("torrent"), $"{name}.torrent");
        File.WriteAllBytes(torrentPath, Encode(torrent));
        return new TestTorrent(torrentPath, directory, new InfoHash(Sha1(Encode(info))), files.Sum(file => file.Length), sums);
    }

    private static (byte[] Pieces, List<(string Path, string Sha256)> Sums) WriteData(
        string directory, (string Path, long Length)[] files, int pieceLength, Random random)
    {
        using var pieces = new MemoryStream();
        using var piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        var inPiece = 0;
        var sums = new List<(string, string)>();
        var chunk = new byte[ChunkLength];
        foreach (var (path, length) in files)
        {
            var full = Path.Combine(directory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var file = File.Create(full);
            for (var left = length; left > 0;)
            {
                var part = chunk.AsSpan(0, (int)Math.Min(left, ChunkLength));
                random.NextBytes(part);
                file.Write(part);
                whole.AppendData(part);
                left -= part.Length;
                while (!part.IsEmpty)
                {
                    var take = Math.Min(part.Length, pieceLength - inPiece);
                    piece.AppendData(part[..take]);
                    part = part[take..];
                    inPiece += take;
                    if (inPiece == pieceLength)
                    {
                        pieces.Write(piece.GetHashAndReset());
                        inPiece = 0;
                    }
                }
            }

            sums.Add((path, Convert.ToHexStringLower(whole.GetHashAndReset())));
        }

        if (inPiece > 0)
        {
            pieces.Write(piece.GetHashAndReset());
        }

        return (pieces.ToArray(), sums);
    }

    private static byte[] Encode(object value)
    {
        using var output = new MemoryStream();
        Write(output, value);
        return output.ToArray();
    }

    private static void Write(Stream output, object value)
    {
        switch (value)
        {
            case long number:
                output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"i{number}e")));
                break;
            case string text:
                Write(output, Encoding.UTF8.GetBytes(text));
                break;
            case byte[] bytes:
                output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bytes.Length}:")));
                output.Write(bytes);
                break;
            case List<object> list:
                output.WriteByte((byte)'l');
                list.ForEach(item => Write(output, item));
                output.WriteByte((byte)'e');
                break;
            case SortedDictionary<string, object> dictionary:
                output.WriteByte((byte)'d');
                foreach (var (key, item) in dictionary)
                {
                    Write(output, key);
                    Write(output, item);
                }

                output.WriteByte((byte)'e');
                break;
            default:
                throw new ArgumentException($"{value.GetType()} has no bencoding.", nameof(value));
        }
    }

    // BEP 3 names a torrent by its SHA-1.
#pragma warning disable CA5350
    private static byte[] Sha1(byte[] bytes) => SHA1.HashData(bytes);
#pragma warning restore CA5350
}
