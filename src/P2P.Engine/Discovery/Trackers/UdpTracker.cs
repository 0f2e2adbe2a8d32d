using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>A tracker spoken to over UDP (BEP 15, URL data of BEP 41).</summary>
/// <remarks>
/// One announce at a time. Each opens a socket on the unspecified address of the tracker's family (the network puts its own bind address
/// in), asks for a connection id, uses it for 60 s at most, and resends on silence at 0, 15, 45, 105 and 225 s.
/// </remarks>
internal sealed class UdpTracker(TrackerUrl url, INetwork network, TimeProvider clock, Random random, TimeSpan minInterval) : ITracker
{
    /// <summary>How long a connection id may be used (BEP 15: one minute from its receipt).</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromSeconds(60);

    /// <summary>How long each send waits for its answer: 15 * 2^n. After the fifth nobody needs four minutes more: 15 s, then back-off.</summary>
    private static readonly ImmutableArray<TimeSpan> Patience =
        [TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(15)];

    /// <inheritdoc/>
    public string Url => url.Text;

    /// <inheritdoc/>
    public async ValueTask<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await network.ResolveAsync(url.Host, cancellationToken).ConfigureAwait(false);
            if (Choose(addresses) is not { } address)
            {
                return Failed("tracker.ssrf", $"{url.Host} has no address a tracker may have.");
            }

            using var socket = network.BindUdp(
                address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port: 0);
            return await ExchangeAsync(socket, new PeerEndpoint(address, url.Port), request, cancellationToken).ConfigureAwait(false);
        }
        catch (NetworkException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Failed(exception.Code, exception.Message);
        }
    }

    private static AnnounceResponse Failed(string code, string message) => new() { Failure = (code, message) };

    // IPv4 first: it is what nearly every swarm lives on. A public name must not lead into the local network (R-H02).
    private IPAddress? Choose(IPAddress[] addresses) =>
        addresses
            .Where(address => AddressScope.IsHost(address) && (url.IsLocal || AddressScope.IsPublic(address)))
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault();

    private async ValueTask<AnnounceResponse> ExchangeAsync(
        IDatagramSocket socket, PeerEndpoint tracker, AnnounceRequest request, CancellationToken cancellationToken)
    {
        var buffer = new byte[UdpTrackerPacket.MaxLength + 1];
        ulong? connectionId = null;
        var connectedAt = 0L;
        var began = clock.GetTimestamp();

        // One count of silences for both phases: a tracker that loses every second packet is not asked more often for it (BEP 15).
        foreach (var patience in Patience)
        {
            if (connectionId is null || clock.GetElapsedTime(connectedAt) >= ConnectionLifetime)
            {
                var connect = NextTransaction();
                var connected = await AskAsync(
                    socket, tracker, UdpTrackerPacket.Connect(connect), connect, UdpTrackerAction.Connect, buffer, patience, cancellationToken).ConfigureAwait(false);
                if (connected == 0)
                {
                    connectionId = null;
                    continue;
                }

                if (UdpTrackerPacket.IsError(buffer))
                {
                    return Failed("tracker.failure", UdpTrackerPacket.ErrorText(buffer.AsSpan(0, connected)));
                }

                connectionId = UdpTrackerPacket.ConnectionId(buffer);
                connectedAt = clock.GetTimestamp();
            }

            var transaction = NextTransaction();
            var packet = UdpTrackerPacket.Announce(connectionId.Value, transaction, request, url.PathAndQuery);
            var length = await AskAsync(
                socket, tracker, packet, transaction, UdpTrackerAction.Announce, buffer, patience, cancellationToken).ConfigureAwait(false);
            if (length > 0)
            {
                return UdpTrackerPacket.IsError(buffer)
                    ? Failed("tracker.failure", UdpTrackerPacket.ErrorText(buffer.AsSpan(0, length)))
                    : UdpTrackerPacket.ReadAnnounce(buffer.AsSpan(0, length), !tracker.IsIPv4, minInterval, AddressScope.IsLoopback(tracker.Address));
            }
        }

        return Failed("tracker.timeout", $"timed out after {clock.GetElapsedTime(began).TotalSeconds:0} s");
    }

    /// <summary>Sends once and waits for the answer; its length in <paramref name="buffer"/>, or 0 on silence. Everything else is dropped.</summary>
    private async ValueTask<int> AskAsync(
        IDatagramSocket socket, PeerEndpoint tracker, byte[] packet, uint transaction, UdpTrackerAction action, byte[] buffer, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await socket.SendAsync(packet, tracker, either.Token).ConfigureAwait(false);
            while (true)
            {
                var (length, remote) = await socket.ReceiveAsync(buffer, either.Token).ConfigureAwait(false);
                if (remote == tracker && UdpTrackerPacket.IsAnswer(buffer.AsSpan(0, length), transaction, action))
                {
                    return length;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or NetworkException
            && deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return 0; // a network may report the cancelled receive as one of its own failures
        }
    }

    private uint NextTransaction()
    {
        // A cancelled announce may still be winding down beside the "stopped" that replaced it.
        lock (random)
        {
            return (uint)random.NextInt64(1L << 32);
        }
    }
}
