using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery;

/// <summary>One announce on the local network (BEP 14). Pure.</summary>
/// <param name="InfoHashes">Torrents announced, 1..<see cref="MaxInfoHashes"/>.</param>
/// <param name="Port">Where the sender listens for peers, 1..65535; its address is that of the datagram.</param>
internal sealed record LsdMessage(ImmutableArray<InfoHash> InfoHashes, int Port)
{
    /// <summary>UDP port of the groups.</summary>
    public const int GroupPort = 6771;

    /// <summary>Longest datagram read or written (BEP 14: fits every network undivided).</summary>
    public const int MaxLength = 1400;

    /// <summary>Torrents in one datagram: 10 lines of 52 bytes are well below <see cref="MaxLength"/> (reliability.md 2.3).</summary>
    public const int MaxInfoHashes = 10;

    /// <summary>Header lines looked at: ten infohashes and whatever else a program may say; the rest is somebody's joke.</summary>
    private const int MaxLines = 64;

    /// <summary>The group of IPv4.</summary>
    public static IPAddress GroupIPv4 { get; } = new([239, 192, 152, 143]);

    /// <summary>The group of IPv6, ff15::efc0:988f.</summary>
    public static IPAddress GroupIPv6 { get; } = new([0xFF, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xEF, 0xC0, 0x98, 0x8F]);

    /// <summary>Reads a datagram; false when it is no announce with a port and a torrent. Names of headers in any case, lines in any order.</summary>
    /// <remarks>An infohash that is none is skipped: a later version of the protocol may add longer ones beside ours.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out LsdMessage? message)
    {
        message = null;
        if (datagram.Length > MaxLength || !Ascii.EqualsIgnoreCase(NextLine(ref datagram), "BT-SEARCH * HTTP/1.1"u8))
        {
            return false;
        }

        var infoHashes = ImmutableArray.CreateBuilder<InfoHash>(MaxInfoHashes);
        var named = 0;
        int? port = null;
        for (var lines = 0; lines < MaxLines && NextLine(ref datagram) is { IsEmpty: false } line; lines++)
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                return false;
            }

            var name = line[..colon].Trim((byte)' ');
            var value = line[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "infohash"u8))
            {
                if (++named <= MaxInfoHashes && TryReadInfoHash(value, out var infoHash) && !infoHashes.Contains(infoHash))
                {
                    infoHashes.Add(infoHash);
                }
            }
            else if (Ascii.EqualsIgnoreCase(name, "port"u8))
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var read) || read is < 1 or > ushort.MaxValue)
                {
                    return false;
                }

                port ??= read;
            }
        }

        if (port is null || infoHashes.Count == 0)
        {
            return false;
        }

        message = new LsdMessage(infoHashes.ToImmutable(), port.Value);
        return true;
    }

    /// <summary>Is that datagram our own, heard again (L05)? A search for the bytes: it comes before every other judgement and must cost nothing.</summary>
    public static bool HasCookie(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> cookie) => datagram.IndexOf(cookie) >= 0;

    /// <summary>The datagram to send to a group; at most <see cref="MaxLength"/> bytes.</summary>
    /// <param name="group">Which of the groups, for the Host line.</param>
    /// <param name="cookie">By which we know our own words again, see <see cref="HasCookie"/>: ASCII, at most 64 characters.</param>
    public byte[] Write(IPAddress group, string cookie)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(InfoHashes.Length, MaxInfoHashes, nameof(InfoHashes));
        var text = new StringBuilder("BT-SEARCH * HTTP/1.1\r\n")
            .Append(CultureInfo.InvariantCulture, $"Host: {new IPEndPoint(group, GroupPort)}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Port: {Port}\r\n");
        foreach (var infoHash in InfoHashes)
        {
            text.Append("Infohash: ").Append(infoHash).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.Append(CultureInfo.InvariantCulture, $"cookie: {cookie}\r\n\r\n\r\n").ToString());
    }

    private static bool TryReadInfoHash(ReadOnlySpan<byte> hex, out InfoHash infoHash)
    {
        infoHash = default;
        Span<byte> bytes = stackalloc byte[InfoHash.Length];
        if (hex.Length != InfoHash.Length * 2 || Convert.FromHexString(hex, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        infoHash = new InfoHash(bytes);
        return true;
    }

    /// <summary>Takes a line off the front, without its end (CR LF, or LF alone); empty at the end of the datagram.</summary>
    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return line.EndsWith((byte)'\r') ? line[..^1] : line;
    }
}
