using System.Collections.Immutable;
using static P2P.Engine.DiagnosisArgument;

namespace P2P.Engine.Swarm;

/// <summary>Something to tell of a torrent: the code, the sentence and its values.</summary>
internal readonly record struct TorrentNews(EngineEventKind Kind, string Sentence, ImmutableArray<DiagnosisArgument> Arguments);

/// <summary>Tells when a tracker begins to fail and when it works again, once each. Pure.</summary>
/// <remarks>A tracker is named by its host and port: the rest of an announce URL may be a secret of the user's.</remarks>
internal sealed class TrackerWatch
{
    private readonly HashSet<string> _failing = [];

    /// <summary>What is news in this list.</summary>
    public IEnumerable<TorrentNews> Observe(ImmutableArray<TrackerSnapshot> trackers)
    {
        foreach (var tracker in trackers)
        {
            var host = Uri.TryCreate(tracker.Url, UriKind.Absolute, out var url) && url.Authority.Length > 0 ? url.Authority : "a tracker";
            if (tracker.State is TrackerState.Failing or TrackerState.Unusable && _failing.Add(tracker.Url))
            {
                var why = tracker.Failure ?? tracker.Message;
                var said = PlainWords.Quoted(why);
                yield return new TorrentNews(
                    EngineEventKind.TrackerFailing, $"The tracker {host} fails: {(said.Length > 0 ? said : "no reason given")}.",
                    tracker.NextAnnounceAt is { } next
                        ? [Words("tracker", host), Words("message", why), Moment("next", next)]
                        : [Words("tracker", host), Words("message", why)]);
            }
            else if (tracker.State == TrackerState.Working && _failing.Remove(tracker.Url))
            {
                yield return new TorrentNews(EngineEventKind.TrackerRecovered, $"The tracker {host} works again.", [Words("tracker", host)]);
            }
        }
    }
}
