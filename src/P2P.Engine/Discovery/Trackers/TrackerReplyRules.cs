using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>What of a tracker's answer is believed: bounds on numbers, texts and peers, the same for HTTP and UDP.</summary>
internal static class TrackerReplyRules
{
    /// <summary>Most peers taken from one answer.</summary>
    public const int MaxPeers = 2000;

    /// <summary>Longest text shown, characters.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>Longest wait a tracker can impose, seconds: one day.</summary>
    public const int MaxIntervalSeconds = 86_400;

    /// <summary>Seconds between announces when the tracker does not say: half an hour, as trackers commonly answer.</summary>
    public const int DefaultIntervalSeconds = 1800;

    /// <summary>The lowest port of a peer: services below it are not peers, and a tracker could aim swarms at them (H21).</summary>
    private const int LowestPort = 1024;

    /// <summary>An interval between the lower bound and one day; null (not told) is half an hour.</summary>
    public static TimeSpan ClampInterval(long? seconds, TimeSpan lowerBound)
    {
        var interval = TimeSpan.FromSeconds(Math.Clamp(seconds ?? DefaultIntervalSeconds, 0, MaxIntervalSeconds));
        return interval < lowerBound ? lowerBound : interval;
    }

    /// <summary>A count between 0 and 2^31-1; null stays null.</summary>
    public static int? ClampCount(long? count) => count is { } value ? (int)Math.Clamp(value, 0, int.MaxValue) : null;

    /// <summary>Is this a peer worth dialling? Loopback ones count only from a tracker that is itself there.</summary>
    public static bool IsAcceptable(PeerEndpoint peer, bool trackerIsLoopback) =>
        peer.IsConnectable && peer.Port >= LowestPort && (trackerIsLoopback || !AddressScope.IsLoopback(peer.Address));

    /// <summary>Text from a stranger as UTF-8, cut to 1,024 characters, with control and direction-changing characters replaced by a space.</summary>
    public static string CleanText(ReadOnlySpan<byte> utf8)
    {
        // A character has at least one byte and at most four, so this prefix always holds the characters kept.
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxTextLength * 4)]);
        var clean = new StringBuilder(Math.Min(text.Length, MaxTextLength));
        foreach (var character in text)
        {
            if (clean.Length == MaxTextLength)
            {
                break;
            }

            clean.Append(IsUnsafe(character) ? ' ' : character);
        }

        if (clean.Length > 0 && char.IsHighSurrogate(clean[^1]))
        {
            clean.Length--;
        }

        return clean.ToString().Trim();
    }

    /// <summary>A tracker's reason for refusing, safe to show and never empty.</summary>
    public static string FailureText(ReadOnlySpan<byte> utf8)
    {
        var text = CleanText(utf8);
        return text.Length == 0 ? "The tracker refused without a reason." : text;
    }

    // Controls move terminals; bidirectional marks and overrides make a text read as another one.
    private static bool IsUnsafe(char character) =>
        char.IsControl(character)
        || character is '\u061c' or '\u200e' or '\u200f' or '\u2028' or '\u2029'
        || character is >= '\u202a' and <= '\u202e'
        || character is >= '\u2066' and <= '\u2069';
}
