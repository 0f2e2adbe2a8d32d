using System.Collections.Immutable;
using System.Net;
using System.Text;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Reads the body of an HTTP tracker's answer; pure. A field of the wrong kind counts as absent, a bad peer is left out.</summary>
/// <remarks>Source: BEP 3 (dictionary peers), BEP 7 (peers6), BEP 23 (compact peers), BEP 24 (external ip).</remarks>
internal static class HttpAnnounceReply
{
    /// <summary>Longest tracker id sent back; a longer one would not fit a URL.</summary>
    private const int MaxTrackerIdLength = 512;

    /// <summary>The answer in <paramref name="body"/>; failures are tracker.bencode, tracker.too_big and tracker.failure.</summary>
    /// <param name="body">After decompression; must not change while this runs.</param>
    /// <param name="minInterval">Lower bound of the interval believed.</param>
    /// <param name="trackerIsLoopback">Peers on this machine count only from a tracker on this machine.</param>
    public static AnnounceResponse Read(ReadOnlyMemory<byte> body, TimeSpan minInterval, bool trackerIsLoopback)
    {
        if (!BValue.TryParse(body, BencodeLimits.Wire, out var value, out var error))
        {
            return error.Code == BencodeError.Tokens
                ? Failed("tracker.too_big", "The tracker's answer holds more values than anyone can use.")
                : Failed("tracker.bencode", "The tracker's answer is not what a tracker says.");
        }

        if (value is not BDictionary answer)
        {
            return Failed("tracker.bencode", "The tracker's answer is not a dictionary.");
        }

        if (answer.GetString("failure reason"u8) is { } reason)
        {
            return Failed("tracker.failure", TrackerReplyRules.FailureText(reason.Span));
        }

        var notes = new List<string>();
        if (answer.GetString("warning message"u8) is { } warning)
        {
            notes.Add(TrackerReplyRules.CleanText(warning.Span));
        }

        return new AnnounceResponse
        {
            Peers = ReadPeers(answer, trackerIsLoopback, notes),
            Warning = notes.Count == 0 ? null : string.Join("; ", notes),
            Interval = TrackerReplyRules.ClampInterval(answer.GetNumber("interval"u8), minInterval),
            MinInterval = answer.GetNumber("min interval"u8) is { } least ? TrackerReplyRules.ClampInterval(least, minInterval) : null,
            Seeds = TrackerReplyRules.ClampCount(answer.GetNumber("complete"u8)),
            Leechers = TrackerReplyRules.ClampCount(answer.GetNumber("incomplete"u8)),
            Downloads = TrackerReplyRules.ClampCount(answer.GetNumber("downloaded"u8)),
            TrackerId = answer.GetString("tracker id"u8) is { Span.Length: <= MaxTrackerIdLength } id ? Encoding.Latin1.GetString(id.Span) : null,
            ExternalAddress = answer.GetString("external ip"u8) is { Span.Length: 4 or 16 } external ? new IPAddress(external.Span) : null,
        };
    }

    private static AnnounceResponse Failed(string code, string message) => new() { Failure = (code, message) };

    private static ImmutableArray<PeerEndpoint> ReadPeers(BDictionary answer, bool trackerIsLoopback, List<string> notes)
    {
        var peers = ImmutableArray.CreateBuilder<PeerEndpoint>();
        var isWellFormed = answer.Get("peers"u8) switch
        {
            null => true,
            BString compact => AddCompact(compact.Span, 6, trackerIsLoopback, peers),
            BList list => AddDictionaries(list, trackerIsLoopback, peers),
            _ => false,
        };
        isWellFormed &= answer.Get("peers6"u8) switch
        {
            null => true,
            BString compact => AddCompact(compact.Span, 18, trackerIsLoopback, peers),
            _ => false,
        };
        if (!isWellFormed)
        {
            notes.Add("part of its list of peers could not be read (tracker.peers)");
        }

        return peers.DrainToImmutable();
    }

    // Whole groups or nothing: a length that is no multiple leaves it open where the first peer begins.
    private static bool AddCompact(ReadOnlySpan<byte> compact, int size, bool trackerIsLoopback, ImmutableArray<PeerEndpoint>.Builder peers)
    {
        if (compact.Length % size != 0)
        {
            return false;
        }

        for (; !compact.IsEmpty && peers.Count < TrackerReplyRules.MaxPeers; compact = compact[size..])
        {
            Add(PeerEndpoint.FromCompact(compact[..size]), trackerIsLoopback, peers);
        }

        return true;
    }

    private static bool AddDictionaries(BList list, bool trackerIsLoopback, ImmutableArray<PeerEndpoint>.Builder peers)
    {
        var isWellFormed = true;
        foreach (var item in list)
        {
            if (peers.Count == TrackerReplyRules.MaxPeers)
            {
                break;
            }

            // Host names are not looked up: a list of 2,000 of them would be an attack by our own resolver.
            if (item is BDictionary peer
                && peer.GetString("ip"u8) is { Span.Length: <= 45 } ip
                && peer.GetNumber("port"u8) is >= 0 and <= ushort.MaxValue and var port
                && IPAddress.TryParse(ip.ToString(), out var address))
            {
                Add(new PeerEndpoint(address, (int)port), trackerIsLoopback, peers);
            }
            else
            {
                isWellFormed = false;
            }
        }

        return isWellFormed;
    }

    private static void Add(PeerEndpoint peer, bool trackerIsLoopback, ImmutableArray<PeerEndpoint>.Builder peers)
    {
        if (TrackerReplyRules.IsAcceptable(peer, trackerIsLoopback))
        {
            peers.Add(peer);
        }
    }
}
