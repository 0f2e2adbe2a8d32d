using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>Holds a detail watch open while a torrent's page is visible. One owner; dispose it with the page.</summary>
/// <remarks>
/// Details may change while the session's row does not (a choke round, a tracker), so a watch looks once a second by itself and tells
/// its owner only when it saw something new.
/// </remarks>
internal sealed class TorrentWatch : IDisposable
{
    private readonly IDisposable _watch;
    private readonly ITimer _timer;
    private readonly Action _onChanged;
    private TorrentDetails? _seen;

    private TorrentWatch(ITorrentAccess torrent, TimeProvider clock, Action onChanged)
    {
        Torrent = torrent;
        _watch = torrent.Watch();
        _onChanged = onChanged;
        _timer = clock.CreateTimer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Its remote control.</summary>
    public ITorrentAccess Torrent { get; }

    /// <summary>Opens a watch, or answers null when there is no such torrent. <paramref name="onChanged"/> is called from any thread.</summary>
    public static TorrentWatch? Open(IEngineAccess engine, InfoHash infoHash, TimeProvider clock, Action onChanged) =>
        engine.Find(infoHash) is { } torrent ? new TorrentWatch(torrent, clock, onChanged) : null;

    /// <summary>The newest details, remembered as seen; null until the first beat.</summary>
    public TorrentDetails? Take()
    {
        var details = Torrent.Details;
        Volatile.Write(ref _seen, details);
        return details;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _watch.Dispose();
    }

    private void Look()
    {
        if (!ReferenceEquals(Torrent.Details, Volatile.Read(ref _seen)))
        {
            _onChanged();
        }
    }
}
