using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Our node in the DHT: owns the UDP socket and all that is known of other nodes (BEP 5). All methods post; any thread.</summary>
/// <remarks>
/// A serial loop. Names are looked up and datagrams received by servants that post back; a send is not waited for. Ticks come every
/// quarter second while something is under way, once a second otherwise.
/// </remarks>
internal sealed class DhtLoop : SerialLoop<DhtCommand>
{
    /// <summary>Longest datagram looked at (DhtPacketIn); one byte more is received, so that a longer one is known to be longer.</summary>
    public const int MaxDatagram = 1_500;

    /// <summary>Datagrams received and not handled yet; more are dropped, as a full socket buffer would.</summary>
    private const int MaxQueued = 1_024;

    private static readonly TimeSpan BusyBeat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan IdleBeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BindRetry = TimeSpan.FromSeconds(10);

    private readonly DhtSetup _setup;
    private readonly DhtCore _core;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _lifetime = new();
    private IDatagramSocket? _socket;
    private string? _error;
    private long _bindAtMs;
    private bool _isStarted;
    private bool _isStopped;
    private TimeSpan _beat;
    private int _port;
    private int _goodNodes;
    private int _queued;

    /// <summary>Makes the node; nothing is sent before <see cref="Start"/>.</summary>
    public DhtLoop(DhtSetup setup)
        : base(setup.Scheduler)
    {
        _setup = setup;
        _core = new DhtCore(setup, Send, (text, host, port) => _ = ResolveAsync(text, host, port));
        _timer = setup.Clock.CreateTimer(_ => Post(new DhtCommand.Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The UDP port it is bound to; 0 while it is not.</summary>
    public int Port => Volatile.Read(ref _port);

    /// <summary>Nodes that answered in the last 15 min, both families.</summary>
    public int GoodNodes => Volatile.Read(ref _goodNodes);

    /// <summary>Binds the socket; a failure is shown in the snapshot and tried again every 10 s.</summary>
    public void Start() => Post(new DhtCommand.Start());

    /// <summary>Looks for a torrent's peers and announces it from now on. Never for a private torrent (BEP 27): the caller sees to that.</summary>
    public void Follow(InfoHash infoHash, string name, bool isSeed, IDiscoverySink sink) => Post(new DhtCommand.Follow(infoHash, name, isSeed, sink));

    /// <summary>The torrent has everything, or no more: said with the next announce (BEP 33).</summary>
    public void SetSeed(InfoHash infoHash, bool isSeed) => Post(new DhtCommand.SetSeed(infoHash, isSeed));

    /// <summary>The torrent wants peers, or no more: looked for more often while none is found. At first: unless it is a seed.</summary>
    public void SetWantsPeers(InfoHash infoHash, bool wantsPeers) => Post(new DhtCommand.SetWantsPeers(infoHash, wantsPeers));

    /// <summary>The user asks for a search.</summary>
    public void SearchNow(InfoHash infoHash) => Post(new DhtCommand.SearchNow(infoHash));

    /// <summary>Looks for the torrent no more.</summary>
    public void Unfollow(InfoHash infoHash) => Post(new DhtCommand.Unfollow(infoHash));

    /// <summary>Somebody is said to be a node (by hand, PORT, .torrent, local network): it is pinged before it is believed.</summary>
    public void AddNode(PeerEndpoint node) => Post(new DhtCommand.AddNode(node));

    /// <summary>Replaces the nodes asked first, "host:port" each.</summary>
    public void SetBootstrap(ImmutableArray<string> hosts) => Post(new DhtCommand.SetBootstrap(hosts));

    /// <summary>The node as of now.</summary>
    public Task<DhtSnapshot> GetSnapshotAsync()
    {
        var reply = new TaskCompletionSource<DhtSnapshot>(); // answered on the loop; what follows only posts
        Post(new DhtCommand.GetSnapshot(reply));
        return reply.Task;
    }

    /// <summary>The state to keep, should the program end without a stop.</summary>
    public Task<byte[]> SaveAsync()
    {
        var reply = new TaskCompletionSource<byte[]>();
        Post(new DhtCommand.Save(reply));
        return reply.Task;
    }

    /// <summary>Closes the socket for good and gives the state to keep.</summary>
    public Task<byte[]> StopAsync()
    {
        var reply = new TaskCompletionSource<byte[]>();
        Post(new DhtCommand.Stop(reply));
        return reply.Task;
    }

    /// <inheritdoc/>
    protected override void Handle(DhtCommand message)
    {
        AssertOnLoop();
        switch (message)
        {
            case DhtCommand.Datagram datagram: OnDatagram(datagram); break;
            case DhtCommand.Tick: OnTick(); break;
            case DhtCommand.Start: OnStart(); break;
            case DhtCommand.SocketLost lost: OnSocketLost(lost); break;
            case DhtCommand.Resolved resolved: OnResolved(resolved); break;
            case DhtCommand.Follow follow: _core.Follow(follow.InfoHash, follow.Name, follow.IsSeed, follow.Sink); break;
            case DhtCommand.SetSeed set: _core.SetSeed(set.InfoHash, set.IsSeed); break;
            case DhtCommand.SetWantsPeers set: _core.SetWantsPeers(set.InfoHash, set.WantsPeers); break;
            case DhtCommand.SearchNow search: _core.SearchNow(search.InfoHash); break;
            case DhtCommand.Unfollow unfollow: _core.Unfollow(unfollow.InfoHash); break;
            case DhtCommand.AddNode add: _core.AddNode(add.Node); break;
            case DhtCommand.SetBootstrap set: _core.SetBootstrap(set.Hosts); break;
            case DhtCommand.GetSnapshot get: get.Reply.SetResult(_core.ToSnapshot(_port, _error)); break;
            case DhtCommand.Save save: save.Reply.SetResult(_core.Save()); break;
            case DhtCommand.Stop stop: OnStop(stop.Reply); break;
            default: throw new InvalidOperationException($"The DHT does not know the message {message.GetType().Name}.");
        }
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception) => DhtLog.Fault(_setup.Logger, exception);

    /// <inheritdoc/>
    protected override void OnBatchEnd()
    {
        Volatile.Write(ref _goodNodes, _core.GoodNodes);
        var beat = _core.IsBusy ? BusyBeat : IdleBeat;
        if (_isStarted && !_isStopped && beat != _beat)
        {
            _beat = beat;
            _timer.Change(beat, beat);
        }
    }

    private void OnStart()
    {
        if (!_isStarted && !_isStopped)
        {
            _isStarted = true;
            Bind();
        }
    }

    private void OnTick()
    {
        if (_isStopped)
        {
            return;
        }

        if (_socket is null && _setup.Clock.NowMs() >= _bindAtMs)
        {
            Bind();
        }

        _core.Tick();
    }

    private void OnDatagram(DhtCommand.Datagram datagram)
    {
        Interlocked.Decrement(ref _queued);
        if (_socket is not null)
        {
            _core.OnDatagram(datagram.Bytes, datagram.From);
        }
    }

    private void OnResolved(DhtCommand.Resolved resolved)
    {
        if (resolved.Problem is { } problem)
        {
            _core.OnUnknown(resolved.Text, problem);
        }
        else
        {
            _core.OnResolved(resolved.Text, resolved.Port, resolved.Addresses);
        }
    }

    private void Bind()
    {
        try
        {
            _socket = _setup.Network.BindUdp(_setup.Address ?? IPAddress.IPv6Any, _setup.Port);
        }
        catch (NetworkException exception)
        {
            Fail(exception.Message);
            return;
        }

        _error = null;
        Volatile.Write(ref _port, _socket.Local.Port);
        DhtLog.Bound(_setup.Logger, _port);
        _ = ReceiveAsync(_socket);
        _core.OnBound(_socket.Local);
    }

    private void Fail(string reason)
    {
        var sentence = string.Create(CultureInfo.InvariantCulture, $"{reason.TrimEnd('.')}; it is tried again every {BindRetry.TotalSeconds:0} s.");
        if (_error is null)
        {
            DhtLog.BindFailed(_setup.Logger, sentence);
        }

        (_error, _bindAtMs) = (sentence, _setup.Clock.NowMs() + (long)BindRetry.TotalMilliseconds);
    }

    private void OnSocketLost(DhtCommand.SocketLost lost)
    {
        if (lost.Socket == _socket)
        {
            Close();
            Fail(lost.Reason);
        }
    }

    private void OnStop(TaskCompletionSource<byte[]> reply)
    {
        if (!_isStopped)
        {
            _isStopped = true;
            _timer.Dispose();
            _lifetime.Cancel();
            Close();
        }

        reply.SetResult(_core.Save());
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
        Volatile.Write(ref _port, 0);
        _core.OnUnbound();
    }

    private void Send(byte[] datagram, PeerEndpoint to)
    {
        if (_socket is not { } socket)
        {
            return;
        }

        var sending = socket.SendAsync(datagram, to, _lifetime.Token);
        if (!sending.IsCompletedSuccessfully)
        {
            _ = SettleAsync(sending);
        }
    }

    private static async Task SettleAsync(ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
        {
            // Lost, as any datagram may be: the query that waits for its answer will tell.
        }
    }

    private async Task ReceiveAsync(IDatagramSocket socket)
    {
        var buffer = new byte[MaxDatagram + 1];
        try
        {
            while (true)
            {
                var (length, from) = await socket.ReceiveAsync(buffer, _lifetime.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _queued) > MaxQueued)
                {
                    Interlocked.Decrement(ref _queued);
                    continue;
                }

                Post(new DhtCommand.Datagram(buffer.AsSpan(0, length).ToArray(), from));
            }
        }
        catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
        {
            Post(new DhtCommand.SocketLost(socket, exception.Message));
        }
    }

    private async Task ResolveAsync(string text, string host, int port)
    {
        try
        {
            var addresses = await _setup.Network.ResolveAsync(host, _lifetime.Token).ConfigureAwait(false);
            Post(new DhtCommand.Resolved(text, port, addresses, null));
        }
        catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
        {
            Post(new DhtCommand.Resolved(text, port, [], exception.Message));
        }
    }
}
