using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Reads the body of an HTTP tracker's answer to a scrape (BEP 48); pure. A count of the wrong kind counts as not told.</summary>
internal static class HttpScrapeReply
{
    /// <summary>The counts of <paramref name="infoHash"/>; none when the tracker lists other torrents only. Failures are tracker.bencode and tracker.failure.</summary>
    public static ScrapeResponse Read(ReadOnlyMemory<byte> body, InfoHash infoHash)
    {
        if (!BValue.TryParse(body, BencodeLimits.Wire, out var value, out _) || value is not BDictionary answer)
        {
            return new ScrapeResponse { Failure = ("tracker.bencode", "The tracker's answer is not what a tracker says.") };
        }

        if (answer.GetString("failure reason"u8) is { } reason)
        {
            return new ScrapeResponse { Failure = ("tracker.failure", TrackerReplyRules.FailureText(reason.Span)) };
        }

        return answer.Get("files"u8) is BDictionary files && files.Get(infoHash.ToArray()) is BDictionary counts
            ? new ScrapeResponse
            {
                Seeds = TrackerReplyRules.ClampCount(counts.GetNumber("complete"u8)),
                Leechers = TrackerReplyRules.ClampCount(counts.GetNumber("incomplete"u8)),
                Downloads = TrackerReplyRules.ClampCount(counts.GetNumber("downloaded"u8)),
            }
            : new ScrapeResponse();
    }
}
