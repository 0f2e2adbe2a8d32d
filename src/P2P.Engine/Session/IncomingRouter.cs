using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using P2P.Engine.Transport;

namespace P2P.Engine.Session;

/// <summary>Accepts connections, reads their handshake, and hands them to the torrent they ask for.</summary>
/// <remarks>At most 100 handshakes wait at once, 3 per address beyond this machine's own (limits: PendingHandshakes).</remarks>
internal sealed class IncomingRouter(PeerHandshaker handshaker, ConnectionBudget budget, TimeProvider clock, ConnectionCounters counters, ILogger logger) : IDisposable
{
    private const int MaxPending = 100;
    private const int MaxPendingPerAddress = 3;
    private static readonly TimeSpan AcceptRetry = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<IPAddress, int> _pendingByAddress = [];
    private ImmutableDictionary<InfoHash, SwarmLoop> _serving = ImmutableDictionary<InfoHash, SwarmLoop>.Empty;
    private IListener? _listener;
    private int _pending;

    /// <summary>Where it listens; null while it does not.</summary>
    public PeerEndpoint? Local => _listener?.Local;

    /// <summary>From now on <paramref name="torrent"/> takes connections. Session loop only.</summary>
    public void Serve(SwarmLoop torrent) => Volatile.Write(ref _serving, _serving.SetItem(torrent.InfoHash, torrent));

    /// <summary>From now on it takes none. Session loop only.</summary>
    public void Unserve(SwarmLoop torrent) => Volatile.Write(ref _serving, _serving.Remove(torrent.InfoHash));

    /// <summary>Begins to accept on a listener it now owns.</summary>
    public void Start(IListener listener)
    {
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener?.Dispose();
    }

    private async Task AcceptAsync(IListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            IConnection connection;
            try
            {
                connection = await listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (NetworkException exception) when (!_stop.IsCancellationRequested && exception.Code != "net.closed")
            {
                // Out of descriptors, most likely: whoever waits in the backlog is taken when some are free again.
                EngineLog.PeerFailed(logger, "accept", exception.Code, exception.Message);
                await Task.Delay(AcceptRetry, clock, CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
            {
                EngineLog.PeerFailed(logger, "accept", "net.closed", "Stopped listening.");
                return;
            }

            if (!TryAdmit(connection.Remote.Address))
            {
                counters.OnIncomingRefused();
                connection.Dispose();
                continue;
            }

            _ = RouteAsync(connection);
        }
    }

    private async Task RouteAsync(IConnection connection)
    {
        var address = connection.Remote.Address;
        try
        {
            var (info, failure) = await handshaker
                .InboundAsync(connection, infoHash => Volatile.Read(ref _serving).ContainsKey(infoHash), _stop.Token).ConfigureAwait(false);
            if (info is not null && Volatile.Read(ref _serving).TryGetValue(info.InfoHash, out var torrent))
            {
                counters.OnIncoming();
                torrent.Post(new TorrentCommand.PeerJoined(connection, info));
                return;
            }

            counters.OnIncomingRefused();
            EngineLog.PeerFailed(logger, connection.Remote.ToString(), failure?.Code ?? "peer.unknown_torrent", failure?.Message ?? "The torrent stopped meanwhile.");
            connection.Dispose();
            budget.Release();
        }
        catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
        {
            counters.OnIncomingRefused();
            EngineLog.PeerFailed(logger, address.ToString(), "net.closed", exception.Message);
            connection.Dispose();
            budget.Release();
        }
        finally
        {
            Dismiss(address);
        }
    }

    private bool TryAdmit(IPAddress address)
    {
        lock (_pendingByAddress)
        {
            var fromThere = _pendingByAddress.GetValueOrDefault(address);
            if (_pending >= MaxPending || (fromThere >= MaxPendingPerAddress && !IPAddress.IsLoopback(address)) || !budget.TryTakeIncoming())
            {
                return false;
            }

            _pending++;
            _pendingByAddress[address] = fromThere + 1;
            return true;
        }
    }

    private void Dismiss(IPAddress address)
    {
        lock (_pendingByAddress)
        {
            _pending--;
            if (--_pendingByAddress[address] == 0)
            {
                _pendingByAddress.Remove(address);
            }
        }
    }
}
