using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Serving;

/// <summary>What the embedded tracker works with. Immutable.</summary>
internal sealed record TrackerServerSetup
{
    public required INetwork Network { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILoopScheduler Scheduler { get; init; }

    /// <summary>Draws the peers of each answer.</summary>
    public required int Seed { get; init; }

    /// <summary>For secrets.</summary>
    public required Action<Span<byte>> Entropy { get; init; }

    /// <summary>The only address to listen on; null for all.</summary>
    public IPAddress? Address { get; init; }

    public required TrackerServerOptions Options { get; init; }

    /// <summary>The name of a torrent of this client's, or null. Any thread.</summary>
    public required Func<InfoHash, string?> NameOf { get; init; }

    /// <summary>Addresses of this machine, for the announce URLs.</summary>
    public required Func<ImmutableArray<IPAddress>> LocalAddresses { get; init; }

    public required ILogger Logger { get; init; }
}

/// <summary>The tracker this peer is itself: HTTP and UDP beside each other, one table. Thread-safe.</summary>
/// <remarks>A port that is taken is tried again every 10 s, and the snapshot says so meanwhile.</remarks>
internal sealed class TrackerServer(TrackerServerSetup setup)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly TrackerDesk _desk = new(setup.Clock, setup.Options, setup.NameOf, new Random(setup.Seed));
    private readonly Lock _lock = new();
    private HttpTrackerServer? _http;
    private UdpTrackerServer? _udp;
    private ITimer? _timer;
    private DateTimeOffset _sweptAt;
    private string? _error;
    private bool _isStopped;

    /// <summary>Peers known.</summary>
    public int Peers => _desk.Peers;

    /// <summary>URLs to put into a .torrent: LAN addresses first, HTTP before UDP of each.</summary>
    public ImmutableArray<string> AnnounceUrls
    {
        get
        {
            var (http, udp) = (_http?.Port ?? 0, _udp?.Port ?? 0);
            return
            [
                .. setup.LocalAddresses().SelectMany(address => (IEnumerable<string>)
                [
                    .. http > 0 ? [string.Create(CultureInfo.InvariantCulture, $"http://{Host(address)}:{http}/announce")] : (string[])[],
                    .. udp > 0 ? [string.Create(CultureInfo.InvariantCulture, $"udp://{Host(address)}:{udp}/announce")] : (string[])[],
                ]),
            ];
        }
    }

    /// <summary>Listens on both ports, and goes on trying for one that is taken.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _timer = setup.Clock.CreateTimer(_ => OnTimer(), null, Retry, Retry);
            _sweptAt = setup.Clock.GetUtcNow();
            TryListen();
        }
    }

    /// <summary>What it knows now.</summary>
    public Task<TrackerServerSnapshot> GetSnapshotAsync() => Task.FromResult(_desk.Snapshot() with
    {
        IsRunning = _http is not null || _udp is not null,
        Error = _error,
        HttpPort = _http?.Port ?? 0,
        UdpPort = _udp?.Port ?? 0,
        AnnounceUrls = AnnounceUrls,
    });

    /// <summary>Stops answering; both ports are free when it returns.</summary>
    public async Task StopAsync()
    {
        ITimer? timer;
        lock (_lock)
        {
            _isStopped = true;
            (timer, _timer) = (_timer, null);
            _http?.Dispose();
            _udp?.Dispose();
            (_http, _udp) = (null, null);
        }

        if (timer is not null)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static string Host(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            TryListen();
        }

        if (setup.Clock.GetUtcNow() - _sweptAt >= SweepInterval)
        {
            _sweptAt = setup.Clock.GetUtcNow();
            _desk.Sweep();
        }
    }

    private void TryListen()
    {
        var address = setup.Address ?? IPAddress.IPv6Any;
        var problems = new List<string>();
        if (_http is null && Try(() => new HttpTrackerServer(setup.Network, _desk, setup.Clock), server => server.Start(address, setup.Options.HttpPort), problems) is { } http)
        {
            _http = http;
        }

        if (_udp is null && Try(() => new UdpTrackerServer(setup.Network, _desk, setup.Clock, setup.Entropy), server => server.Start(address, setup.Options.UdpPort), problems) is { } udp)
        {
            _udp = udp;
        }

        var error = problems.Count == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', problems)} It is tried again every {Retry.TotalSeconds:0} s; choose another port in the settings.");
        if (error is not null && _error is null)
        {
            TrackerLog.ServerFailed(setup.Logger, error);
        }

        _error = error;
    }

    private static T? Try<T>(Func<T> make, Action<T> start, List<string> problems)
        where T : class, IDisposable
    {
        var server = make();
        try
        {
            start(server);
            return server;
        }
        catch (NetworkException exception)
        {
            server.Dispose();
            problems.Add($"The tracker does not listen: {exception.Message}");
            return null;
        }
    }
}
