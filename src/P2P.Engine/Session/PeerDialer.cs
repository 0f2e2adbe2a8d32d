using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using P2P.Engine.Transport;

namespace P2P.Engine.Session;

/// <summary>Connects and shakes hands for any torrent, and posts what came of it.</summary>
internal sealed class PeerDialer(INetwork network, PeerHandshaker handshaker, TimeProvider clock, ConnectionCounters counters, ILogger logger) : IPeerDialer
{
    /// <summary>A peer that has not answered a SYN in 10 s is not worth a half-open slot.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public void Dial(SwarmLoop torrent, PeerEndpoint endpoint) => _ = DialAsync(torrent, endpoint);

    private async Task DialAsync(SwarmLoop torrent, PeerEndpoint endpoint)
    {
        DisconnectReason failure;
        try
        {
            using var timeout = new CancellationTokenSource(ConnectTimeout, clock);
            var connection = await network.ConnectAsync(endpoint, timeout.Token).ConfigureAwait(false);
            var (info, reason) = await handshaker.OutboundAsync(connection, torrent.InfoHash, CancellationToken.None).ConfigureAwait(false);
            if (info is not null)
            {
                counters.OnOutgoing();
                torrent.Post(new TorrentCommand.PeerJoined(connection, info));
                return;
            }

            failure = reason!;
        }
        catch (NetworkException exception)
        {
            failure = new DisconnectReason(exception.Code, exception.Message);
        }
        catch (OperationCanceledException)
        {
            failure = new DisconnectReason("net.timeout", "It did not answer within 10 s.");
        }

        counters.OnOutgoingFailed();
        EngineLog.PeerFailed(logger, endpoint.ToString(), failure.Code, failure.Message);
        torrent.Post(new TorrentCommand.DialFailed(endpoint, failure));
    }
}
