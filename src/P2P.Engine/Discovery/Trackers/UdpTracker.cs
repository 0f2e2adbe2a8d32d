using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>A tracker spoken to over UDP (BEP 15, URL data of BEP 41).</summary>
/// <remarks>
/// One announce at a time, and a scrape perhaps. Each opens a socket on the unspecified address of the tracker's family (the network puts its own bind address
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
        var reply = await RunAsync(
            UdpTrackerAction.Announce,
            (connectionId, transaction) => UdpTrackerPacket.Announce(connectionId, transaction, request, url.PathAndQuery),
            cancellationToken).ConfigureAwait(false);
        return reply.Failure is { } failure
            ? new AnnounceResponse { Failure = failure }
            : UdpTrackerPacket.ReadAnnounce(reply.Packet.Span, !reply.Tracker.IsIPv4, minInterval, AddressScope.IsLoopback(reply.Tracker.Address));
    }

    /// <inheritdoc/>
    public async ValueTask<ScrapeResponse> ScrapeAsync(InfoHash infoHash, CancellationToken cancellationToken)
    {
        var reply = await RunAsync(
            UdpTrackerAction.Scrape,
            (connectionId, transaction) => UdpTrackerPacket.Scrape(connectionId, transaction, infoHash),
            cancellationToken).ConfigureAwait(false);
        return reply.Failure is { } failure ? new ScrapeResponse { Failure = failure } : UdpTrackerPacket.ReadScrape(reply.Packet.Span);
    }

    private static Reply Failed(string code, string message) => new(default, default, (code, message));

    /// <summary>Finds the tracker and gets its answer of kind <paramref name="action"/>.</summary>
    /// <param name="action">What is asked.</param>
    /// <param name="print">Prints the request for a connection id and a transaction id.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async ValueTask<Reply> RunAsync(UdpTrackerAction action, Func<ulong, uint, byte[]> print, CancellationToken cancellationToken)
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
            return await ExchangeAsync(socket, new PeerEndpoint(address, url.Port), action, print, cancellationToken).ConfigureAwait(false);
        }
        catch (NetworkException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Failed(exception.Code, exception.Message);
        }
    }

    // IPv4 first: it is what nearly every swarm lives on. A public name must not lead into the local network (R-H02).
    private IPAddress? Choose(IPAddress[] addresses) =>
        addresses
            .Where(address => AddressScope.IsHost(address) && (url.IsLocal || AddressScope.IsPublic(address)))
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault();

    private async ValueTask<Reply> ExchangeAsync(
        IDatagramSocket socket, PeerEndpoint tracker, UdpTrackerAction action, Func<ulong, uint, byte[]> print, CancellationToken cancellationToken)
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
            var length = await AskAsync(
                socket, tracker, print(connectionId.Value, transaction), transaction, action, buffer, patience, cancellationToken).ConfigureAwait(false);
            if (length > 0)
            {
                return UdpTrackerPacket.IsError(buffer)
                    ? Failed("tracker.failure", UdpTrackerPacket.ErrorText(buffer.AsSpan(0, length)))
                    : new Reply(buffer.AsMemory(0, length), tracker, Failure: null);
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
        // A cancelled announce may still be winding down beside the "stopped" that replaced it, or a scrape.
        lock (random)
        {
            return (uint)random.NextInt64(1L << 32);
        }
    }

    /// <summary>A well-formed answer and who gave it, or why there is none.</summary>
    private readonly record struct Reply(ReadOnlyMemory<byte> Packet, PeerEndpoint Tracker, (string Code, string Message)? Failure);
}
