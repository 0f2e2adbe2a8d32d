using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery;

/// <summary>Finds peers on the local network by multicast (BEP 14): announces the torrents followed, and hears those of others.</summary>
/// <remarks>
/// A loop of its own; one run from start to stop. Private torrents must not be followed (BEP 27); torrents not followed are never
/// spoken of (L07). Datagrams are judged where they are received, so a flood costs a look-up each and never fills the mailbox.
/// </remarks>
internal sealed class LocalDiscovery : SerialLoop<LocalDiscoveryMessage>
{
    /// <summary>While the group cannot be joined, or peers cannot reach us yet.</summary>
    private const long RejoinMs = 60_000;
    private const long PortRetryMs = 2000;

    /// <summary>A neighbour is offered again after this long, and this many are remembered meanwhile.</summary>
    private const long NeighbourMs = LsdSchedule.PeriodMs;
    private const int MaxNeighbours = 1024;

    /// <summary>More than the longest announce, so that a longer datagram shows.</summary>
    private const int ReceiveLength = LsdMessage.MaxLength + 1;

    private readonly LocalDiscoverySetup _setup;
    private readonly LsdSchedule _schedule;
    private readonly string _cookie;
    private readonly DateTimeOffset _madeAt;
    private readonly long _madeAtMs;
    private readonly ITimer _timer;
    private readonly Dictionary<InfoHash, IDiscoverySink> _sinks = [];
    private readonly Dictionary<PeerEndpoint, long> _neighbours = [];
    private readonly List<(IMulticastSocket Socket, IPAddress Group)> _sockets = [];
    private string? _error;
    private int? _networks;
    private long _rejoinAtMs;
    private bool _isRunning;
    private bool _hasStopped;

    /// <summary>Opens nothing before <see cref="Start"/>.</summary>
    public LocalDiscovery(LocalDiscoverySetup setup)
        : base(setup.Scheduler)
    {
        _setup = setup;
        _schedule = new LsdSchedule(new Random(setup.Seed));
        Span<byte> cookie = stackalloc byte[8];
        setup.Entropy(cookie);
        _cookie = Convert.ToHexStringLower(cookie);
        _madeAt = setup.Clock.GetUtcNow();
        _madeAtMs = setup.Clock.NowMs();
        _timer = setup.Clock.CreateTimer(
            _ => Post(new LocalDiscoveryMessage.Wake()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Why nothing can be heard or said, in one sentence; null when all is well. Any thread.</summary>
    public string? Error => Volatile.Read(ref _error);

    private long NowMs => _setup.Clock.NowMs();

    /// <summary>Joins the groups; torrents may be followed before or after.</summary>
    public void Start() => Post(new LocalDiscoveryMessage.Start());

    /// <summary>Announces a torrent and tells <paramref name="sink"/> who else has it, from now until <see cref="Unfollow"/>. Never a private one.</summary>
    public void Follow(InfoHash infoHash, IDiscoverySink sink) => Post(new LocalDiscoveryMessage.Follow(infoHash, sink));

    /// <summary>Announces it again at once: others answer those they have not heard before.</summary>
    public void SearchNow(InfoHash infoHash) => Post(new LocalDiscoveryMessage.SearchNow(infoHash));

    /// <summary>Ends what <see cref="Follow"/> began.</summary>
    public void Unfollow(InfoHash infoHash) => Post(new LocalDiscoveryMessage.Unfollow(infoHash));

    /// <summary>Leaves the groups; nobody is told anything afterwards.</summary>
    public Task StopAsync()
    {
        var done = new TaskCompletionSource(); // answered on the loop; what follows only posts
        Post(new LocalDiscoveryMessage.Stop(done));
        return done.Task;
    }

    /// <inheritdoc/>
    protected override void Handle(LocalDiscoveryMessage message)
    {
        AssertOnLoop();
        if (message is LocalDiscoveryMessage.Stop stop)
        {
            Leave();
            stop.Done.TrySetResult();
            return;
        }

        if (_hasStopped)
        {
            return;
        }

        switch (message)
        {
            case LocalDiscoveryMessage.Start when !_isRunning:
                _isRunning = true;
                _schedule.Start(NowMs);
                Join();
                break;
            case LocalDiscoveryMessage.Follow follow:
                _sinks[follow.InfoHash] = follow.Sink;
                _schedule.Follow(follow.InfoHash, NowMs);
                Report(follow.InfoHash);
                break;
            case LocalDiscoveryMessage.SearchNow search:
                _schedule.Ask(search.InfoHash, NowMs);
                break;
            case LocalDiscoveryMessage.Unfollow unfollow:
                _sinks.Remove(unfollow.InfoHash);
                _schedule.Unfollow(unfollow.InfoHash);
                break;
            case LocalDiscoveryMessage.Heard heard:
                OnHeard(heard.Announce, heard.Peer);
                break;
            case LocalDiscoveryMessage.Sent sent:
                OnSent(sent.InfoHashes, sent.Networks);
                break;
            case LocalDiscoveryMessage.Lost lost:
                OnLost(lost.Socket, lost.Reason);
                break;
        }

        Advance();
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception) => LocalDiscoveryLog.Fault(_setup.Logger, exception);

    /// <summary>Sends what is due and sets the timer for what comes next.</summary>
    private void Advance()
    {
        if (!_isRunning)
        {
            return;
        }

        var nowMs = NowMs;
        if (_sockets.Count == 0 && nowMs >= _rejoinAtMs)
        {
            Join();
        }

        var nextAtMs = _rejoinAtMs;
        if (_sockets.Count > 0)
        {
            var port = _setup.PeerPort();
            if (port > 0 && _schedule.TakePacket(nowMs) is { IsEmpty: false } infoHashes)
            {
                _ = SendAsync([.. _sockets], new LsdMessage(infoHashes, port));
            }

            nextAtMs = port > 0 ? _schedule.NextAtMs() : nowMs + PortRetryMs;
        }

        _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(nextAtMs - nowMs, 0, LsdSchedule.PeriodMs)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Joins the groups of both families, or of the one of the address; one of them is enough.</summary>
    private void Join()
    {
        _rejoinAtMs = NowMs + RejoinMs;
        string? error = null;
        foreach (var group in new[] { LsdMessage.GroupIPv4, LsdMessage.GroupIPv6 })
        {
            if (IsAny(_setup.Address) || _setup.Address!.AddressFamily == group.AddressFamily)
            {
                try
                {
                    var socket = _setup.Network.JoinMulticast(group, LsdMessage.GroupPort, IsAny(_setup.Address) ? null : _setup.Address);
                    _sockets.Add((socket, group));
                    _ = ReceiveAsync(socket);
                }
                catch (NetworkException exception)
                {
                    LocalDiscoveryLog.NotJoined(_setup.Logger, group, exception.Message);
                    error ??= exception.Message;
                }
            }
        }

        SetError(_sockets.Count > 0 ? null : error);
    }

    private void SetError(string? error)
    {
        if (error == _error)
        {
            return;
        }

        Volatile.Write(ref _error, error);
        if (error is not null)
        {
            LocalDiscoveryLog.Failed(_setup.Logger, error);
        }

        foreach (var infoHash in _sinks.Keys)
        {
            Report(infoHash);
        }
    }

    /// <summary>Judges what arrives on one socket until it is closed.</summary>
    private async Task ReceiveAsync(IMulticastSocket socket)
    {
        var gate = new SourceGate();
        var cookie = Encoding.ASCII.GetBytes(_cookie);
        var buffer = new byte[ReceiveLength];
        try
        {
            while (true)
            {
                var (length, remote) = await socket.ReceiveAsync(buffer, CancellationToken.None).ConfigureAwait(false);
                if (length <= LsdMessage.MaxLength
                    && !LsdMessage.HasCookie(buffer.AsSpan(0, length), cookie)
                    && socket.IsLocal(remote.Address)
                    && gate.TryPass(remote.Address, NowMs)
                    && LsdMessage.TryRead(buffer.AsSpan(0, length), out var announce)
                    && remote.WithPort(announce.Port) is { IsConnectable: true } peer)
                {
                    Post(new LocalDiscoveryMessage.Heard(announce, peer));
                }
            }
        }
        catch (NetworkException exception)
        {
            Post(new LocalDiscoveryMessage.Lost(socket, exception.Message));
        }
#pragma warning disable CA1031 // A bug in reading strangers' bytes must not end discovery without a word: logged, and the group is joined again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LocalDiscoveryLog.Fault(_setup.Logger, exception);
            Post(new LocalDiscoveryMessage.Lost(socket, "an error of this program; the log has it"));
        }
    }

    private async Task SendAsync((IMulticastSocket Socket, IPAddress Group)[] sockets, LsdMessage announce)
    {
        var networks = 0;
        foreach (var (socket, group) in sockets)
        {
            // Both families live on the same networks: the one that reaches more of them tells how many there are.
            networks = Math.Max(networks, await socket.SendAsync(announce.Write(group, _cookie), CancellationToken.None).ConfigureAwait(false));
        }

        Post(new LocalDiscoveryMessage.Sent(announce.InfoHashes, networks));
    }

    private void OnHeard(LsdMessage announce, PeerEndpoint peer)
    {
        var nowMs = NowMs;
        if (IsNewNeighbour(peer, nowMs))
        {
            _setup.OnNeighbour(peer);
        }

        foreach (var infoHash in announce.InfoHashes)
        {
            if (_schedule.OnHeard(infoHash, peer, nowMs))
            {
                _sinks[infoHash].OnPeersFound(DiscoverySource.LocalNetwork, [peer]);
                Report(infoHash);
            }
        }
    }

    private bool IsNewNeighbour(PeerEndpoint peer, long nowMs)
    {
        if (_neighbours.TryGetValue(peer, out var offeredAtMs) && nowMs - offeredAtMs < NeighbourMs)
        {
            return false;
        }

        if (_neighbours.Count >= MaxNeighbours)
        {
            foreach (var (old, atMs) in _neighbours)
            {
                if (nowMs - atMs >= NeighbourMs)
                {
                    _neighbours.Remove(old);
                }
            }

            if (_neighbours.Count >= MaxNeighbours)
            {
                return false;
            }
        }

        _neighbours[peer] = nowMs;
        return true;
    }

    private void OnSent(ImmutableArray<InfoHash> infoHashes, int networks)
    {
        _networks = networks;
        LocalDiscoveryLog.Announced(_setup.Logger, infoHashes.Length, networks);
        if (networks == 0)
        {
            _schedule.OnUnsent(infoHashes, NowMs);
        }

        foreach (var infoHash in infoHashes)
        {
            Report(infoHash);
        }
    }

    private void OnLost(IMulticastSocket lost, string reason)
    {
        if (_sockets.Exists(item => item.Socket == lost))
        {
            // Both are joined again together, or one family would stay deaf until the other fails too.
            CloseSockets();
            _rejoinAtMs = NowMs + RejoinMs;
            SetError(reason);
        }
    }

    private void Report(InfoHash infoHash)
    {
        if (!_sinks.TryGetValue(infoHash, out var sink))
        {
            return;
        }

        var (announcedAtMs, nextAtMs, heard, heardAtMs) = _schedule.StateOf(infoHash, NowMs);
        var (state, message) = (Error, announcedAtMs) switch
        {
            ({ } error, _) => (DiscoveryState.Failing, error),
            (_, not null) when _networks == 0 => (DiscoveryState.Failing, "No network to announce on"),
            (_, not null) when _networks is { } networks => (DiscoveryState.Working, Sentence(networks, heard)),
            _ => (DiscoveryState.Waiting, "Not announced yet"),
        };
        sink.OnStatus(new DiscoverySnapshot
        {
            Source = DiscoverySource.LocalNetwork,
            State = state,
            Message = message,
            LastAt = (heardAtMs ?? announcedAtMs) is { } lastAtMs ? At(lastAtMs) : null,
            NextAt = Error is null && _isRunning ? At(nextAtMs) : null,
        });
    }

    private DateTimeOffset At(long atMs) => _madeAt + TimeSpan.FromMilliseconds(atMs - _madeAtMs);

    private void Leave()
    {
        _hasStopped = true;
        _isRunning = false;
        _timer.Dispose();
        _sinks.Clear();
        CloseSockets();
    }

    private void CloseSockets()
    {
        _sockets.ForEach(static item => item.Socket.Dispose());
        _sockets.Clear();
    }

    private static bool IsAny(IPAddress? address) => address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string Sentence(int networks, int heard)
    {
        var where = networks == 1 ? "Announced on 1 network" : string.Create(CultureInfo.InvariantCulture, $"Announced on {networks} networks");
        return heard switch
        {
            0 => $"{where}; no peer answered yet",
            1 => $"{where}; 1 peer answered",
            _ => string.Create(CultureInfo.InvariantCulture, $"{where}; {heard} peers answered"),
        };
    }
}
