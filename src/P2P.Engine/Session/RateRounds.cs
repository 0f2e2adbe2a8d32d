using System.Collections.Immutable;
using P2P.Engine.Runtime;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Computes U = Umax / F for every uploading torrent: every choke interval, and at once when F changes. Session loop only.</summary>
internal sealed class RateRounds(TimeProvider clock)
{
    private ImmutableArray<UploadShare> _shares = [];
    private long _computedAtMs;
    private bool _isKnown;

    /// <summary>The settings changed: compute at the next call.</summary>
    public void Forget() => _isKnown = false;

    /// <summary>Computes and tells every active torrent its share, if it is time.</summary>
    public void Compute(IEnumerable<TorrentEntry> torrents, TorrentEngineOptions options)
    {
        var now = clock.NowMs();
        var active = torrents.Where(entry => entry.IsActive).ToArray();
        var demands = active
            .Select((entry, index) => (Use: entry.Loop.UploadUse, Index: index))
            .Where(torrent => torrent.Use.IsUploading)
            .Select(torrent => new UploadDemand(torrent.Index, torrent.Use.UsedRate, torrent.Use.WantsMore))
            .ToArray();
        if (_isKnown && demands.Length == _shares.Length && now - _computedAtMs < options.ChokeInterval.TotalMilliseconds)
        {
            return;
        }

        (_isKnown, _computedAtMs) = (true, now);
        _shares = UploadShares.Compute(options.UploadLimit, demands);

        // A torrent that does not upload yet may begin with the share it would have, so that its first blocks need not wait for a round.
        var share = options.UploadLimit / Math.Max(1, demands.Length);
        var at = clock.GetUtcNow();
        for (var i = 0; i < active.Length; i++)
        {
            var own = _shares.FirstOrDefault(candidate => candidate.TorrentId == i, new UploadShare(i, share, 0));
            active[i].Loop.Post(new TorrentCommand.RatesComputed(own.Share, own.Lent, demands.Length, at));
        }
    }
}
