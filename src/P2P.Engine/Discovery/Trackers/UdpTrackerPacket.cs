using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Kinds of datagram (BEP 15).</summary>
internal enum UdpTrackerAction
{
    /// <summary>Asks for, or gives, a connection id.</summary>
    Connect = 0,

    /// <summary>Announces, or gives peers.</summary>
    Announce = 1,

    /// <summary>Asks for, or gives, counts.</summary>
    Scrape = 2,

    /// <summary>A refusal in words.</summary>
    Error = 3,
}

/// <summary>Prints and reads the datagrams of the UDP tracker protocol; pure. All integers big-endian (BEP 15, BEP 41).</summary>
internal static class UdpTrackerPacket
{
    /// <summary>Longest datagram read; longer ones are dropped (V05).</summary>
    public const int MaxLength = 8192;

    /// <summary>Length of a connect request.</summary>
    public const int ConnectLength = 16;

    private const ulong ProtocolId = 0x41727101980;
    private const int AnnounceLength = 98;
    private const int AnnounceReplyHeader = 20;
    private const int ScrapeLength = 36;
    private const int ScrapeReplyLength = 20;
    private const byte UrlDataOption = 2;

    /// <summary>A connect request: 16 bytes.</summary>
    public static byte[] Connect(uint transactionId)
    {
        var packet = new byte[ConnectLength];
        BinaryPrimitives.WriteUInt64BigEndian(packet, ProtocolId);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), (uint)UdpTrackerAction.Connect);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), transactionId);
        return packet;
    }

    /// <summary>An announce request: 98 bytes, then the URL's path and query as options of up to 255 bytes (BEP 41) when there is more than "/".</summary>
    public static byte[] Announce(ulong connectionId, uint transactionId, AnnounceRequest request, string pathAndQuery)
    {
        var urlData = pathAndQuery.Length > 1 ? Encoding.ASCII.GetBytes(pathAndQuery) : [];
        var options = (urlData.Length + 254) / 255;
        var packet = new byte[AnnounceLength + urlData.Length + (2 * options)];
        var span = packet.AsSpan();
        BinaryPrimitives.WriteUInt64BigEndian(span, connectionId);
        BinaryPrimitives.WriteUInt32BigEndian(span[8..], (uint)UdpTrackerAction.Announce);
        BinaryPrimitives.WriteUInt32BigEndian(span[12..], transactionId);
        request.InfoHash.CopyTo(span[16..]);
        request.PeerId.CopyTo(span[36..]);
        BinaryPrimitives.WriteInt64BigEndian(span[56..], request.Downloaded);
        BinaryPrimitives.WriteInt64BigEndian(span[64..], request.Left);
        BinaryPrimitives.WriteInt64BigEndian(span[72..], request.Uploaded);
        BinaryPrimitives.WriteInt32BigEndian(span[80..], (int)request.Event);

        // 84..87: our address; zero says "the one this came from", the only one the tracker should believe.
        BinaryPrimitives.WriteUInt32BigEndian(span[88..], request.Key);
        BinaryPrimitives.WriteInt32BigEndian(span[92..], request.NumWant);
        BinaryPrimitives.WriteUInt16BigEndian(span[96..], (ushort)request.Port);

        var at = AnnounceLength;
        for (var sent = 0; sent < urlData.Length; sent += 255)
        {
            var part = urlData.AsSpan(sent, Math.Min(255, urlData.Length - sent));
            span[at] = UrlDataOption;
            span[at + 1] = (byte)part.Length;
            part.CopyTo(span[(at + 2)..]);
            at += 2 + part.Length;
        }

        return packet;
    }

    /// <summary>A scrape request for one torrent: 36 bytes.</summary>
    public static byte[] Scrape(ulong connectionId, uint transactionId, InfoHash infoHash)
    {
        var packet = new byte[ScrapeLength];
        var span = packet.AsSpan();
        BinaryPrimitives.WriteUInt64BigEndian(span, connectionId);
        BinaryPrimitives.WriteUInt32BigEndian(span[8..], (uint)UdpTrackerAction.Scrape);
        BinaryPrimitives.WriteUInt32BigEndian(span[12..], transactionId);
        infoHash.CopyTo(span[16..]);
        return packet;
    }

    /// <summary>Is this a well-formed answer to <paramref name="transactionId"/> of kind <paramref name="expected"/>, or an error to it?</summary>
    public static bool IsAnswer(ReadOnlySpan<byte> packet, uint transactionId, UdpTrackerAction expected)
    {
        if (packet.Length is < 8 or > MaxLength || BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) != transactionId)
        {
            return false;
        }

        var action = BinaryPrimitives.ReadUInt32BigEndian(packet);
        return action == (uint)UdpTrackerAction.Error
            || (action == (uint)expected && packet.Length >= expected switch
            {
                UdpTrackerAction.Connect => ConnectLength,
                UdpTrackerAction.Scrape => ScrapeReplyLength,
                _ => AnnounceReplyHeader,
            });
    }

    /// <summary>Is this answer an error?</summary>
    public static bool IsError(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet) == (uint)UdpTrackerAction.Error;

    /// <summary>The words of an error, safe to show.</summary>
    public static string ErrorText(ReadOnlySpan<byte> packet)
    {
        var text = packet[8..];
        var end = text.IndexOf((byte)0);
        return TrackerReplyRules.FailureText(end < 0 ? text : text[..end]);
    }

    /// <summary>The connection id of a connect reply.</summary>
    public static ulong ConnectionId(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt64BigEndian(packet[8..]);

    /// <summary>Reads an announce reply: interval, counts, and whole groups of 6 bytes (IPv4) or 18 bytes (tracker spoken to over IPv6).</summary>
    public static AnnounceResponse ReadAnnounce(ReadOnlySpan<byte> packet, bool isIPv6, TimeSpan minInterval, bool trackerIsLoopback)
    {
        var size = isIPv6 ? 18 : 6;
        var peers = ImmutableArray.CreateBuilder<PeerEndpoint>();
        for (var rest = packet[AnnounceReplyHeader..]; rest.Length >= size && peers.Count < TrackerReplyRules.MaxPeers; rest = rest[size..])
        {
            var peer = PeerEndpoint.FromCompact(rest[..size]);
            if (TrackerReplyRules.IsAcceptable(peer, trackerIsLoopback))
            {
                peers.Add(peer);
            }
        }

        return new AnnounceResponse
        {
            Interval = TrackerReplyRules.ClampInterval(BinaryPrimitives.ReadInt32BigEndian(packet[8..]), minInterval),
            Leechers = TrackerReplyRules.ClampCount(BinaryPrimitives.ReadInt32BigEndian(packet[12..])),
            Seeds = TrackerReplyRules.ClampCount(BinaryPrimitives.ReadInt32BigEndian(packet[16..])),
            Peers = peers.DrainToImmutable(),
        };
    }

    /// <summary>Reads a scrape reply to a request for one torrent: seeds, completed downloads, leechers, 4 bytes each.</summary>
    public static ScrapeResponse ReadScrape(ReadOnlySpan<byte> packet) => new()
    {
        Seeds = TrackerReplyRules.ClampCount(BinaryPrimitives.ReadInt32BigEndian(packet[8..])),
        Downloads = TrackerReplyRules.ClampCount(BinaryPrimitives.ReadInt32BigEndian(packet[12..])),
        Leechers = TrackerReplyRules.ClampCount(BinaryPrimitives.ReadInt32BigEndian(packet[16..])),
    };
}
