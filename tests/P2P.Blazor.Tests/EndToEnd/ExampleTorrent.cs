using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The example: 2,920,050 bytes of text in 179 pieces of 16 KiB. Either the real one or one made in its shape.</summary>
/// <param name="TorrentPath">The .torrent, its trackers replaced.</param>
/// <param name="Directory">Folder that holds age.txt.</param>
/// <param name="InfoHash">SHA-1 of the info dictionary's bytes.</param>
/// <param name="Sha1">Of age.txt, hex.</param>
internal sealed record ExampleTorrent(string TorrentPath, string Directory, InfoHash InfoHash, string Sha1)
{
    /// <summary>Name of its file.</summary>
    public const string FileName = "age.txt";

    /// <summary>Bytes of it.</summary>
    public const int Length = 2_920_050;

    private const int PieceLength = 16 << 10;
    private static readonly byte[] Announce = Encoding.ASCII.GetBytes("8:announce");
    private static readonly byte[] Info = Encoding.ASCII.GetBytes("4:info");

    /// <summary>Why the real one cannot be used; null when it can.</summary>
    public static string? WhyNotReal => HostProcess.SharedData("age.torrent") is null || HostProcess.SharedData(FileName) is null
        ? "../shared/data/age.torrent and age.txt are not on this machine"
        : null;

    /// <summary>Copies the real one, with every tracker URL before the info dictionary replaced; the info dictionary keeps its bytes.</summary>
    public static ExampleTorrent Real(LoopbackFixture loopback, string announce)
    {
        var torrent = File.ReadAllBytes(HostProcess.SharedData("age.torrent")!);
        var content = File.ReadAllBytes(HostProcess.SharedData(FileName)!);
        var info = torrent.AsSpan().IndexOf(Info);
        var head = Encoding.Latin1.GetString(torrent, 0, info);
        var old = head[(head.IndexOf("8:announce", StringComparison.Ordinal) + Announce.Length)..];
        old = old[..(old.IndexOf(':', StringComparison.Ordinal) + 1 + int.Parse(old[..old.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture))];
        head = head.Replace(old, string.Create(CultureInfo.InvariantCulture, $"{announce.Length}:{announce}"), StringComparison.Ordinal);
        return Write(loopback, [.. Encoding.Latin1.GetBytes(head), .. torrent[info..]], content, torrent.AsSpan((info + Info.Length)..^1));
    }

    /// <summary>Makes one of the same shape.</summary>
    public static ExampleTorrent Generated(LoopbackFixture loopback, string announce)
    {
        var text = new StringBuilder(Length + 80);
        for (var (line, random) = (0, new Random(179)); text.Length < Length; line++)
        {
            text.Append(CultureInfo.InvariantCulture, $"line {line}: the {random.Next(100)} ages of {random.NextInt64():x16}\n");
        }

        var content = Encoding.ASCII.GetBytes(text.ToString(0, Length));
        var pieces = content.Chunk(PieceLength).SelectMany(SHA1.HashData).ToArray();
        byte[] info =
        [
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"d6:lengthi{Length}e4:name{FileName.Length}:{FileName}12:piece lengthi{PieceLength}e6:pieces{pieces.Length}:")),
            .. pieces,
            (byte)'e',
        ];
        var head = string.Create(CultureInfo.InvariantCulture, $"d8:announce{announce.Length}:{announce}13:announce-listll{announce.Length}:{announce}ee");
        return Write(loopback, [.. Encoding.ASCII.GetBytes(head), .. Info, .. info, (byte)'e'], content, info);
    }

    /// <summary>SHA-1 of a file, hex.</summary>
    public static string Sha1Of(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA1.HashData(file));
    }

    private static ExampleTorrent Write(LoopbackFixture loopback, byte[] torrent, byte[] content, ReadOnlySpan<byte> info)
    {
        var directory = loopback.NewDirectory("age");
        var torrentPath = Path.Combine(loopback.NewDirectory("torrent"), "age.torrent");
        File.WriteAllBytes(torrentPath, torrent);
        File.WriteAllBytes(Path.Combine(directory, FileName), content);
        return new ExampleTorrent(torrentPath, directory, new InfoHash(SHA1.HashData(info)), Convert.ToHexStringLower(SHA1.HashData(content)));
    }
}
