using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>Does the 68-byte handshake on a fresh connection, both directions, with one deadline of 10 s (R-P01).</summary>
/// <remarks>
/// Reads exactly 68 bytes, so that what follows is left for the <see cref="PeerConnection"/>. The deadline covers the whole exchange: a
/// byte every two seconds wins no time. Thread-safe; one call per connection.
/// </remarks>
internal sealed class PeerHandshaker(PeerId ourId, TimeProvider clock, Func<bool>? isDhtOn = null)
{
    /// <summary>From start to the last byte (reliability.md 2.3, "HandshakeTotal"; libtorrent has the same).</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>What we can always do: the fast extension and the extension protocol; a DHT node comes and goes with its switch.</summary>
    public const HandshakeFeatures OurFeatures = HandshakeFeatures.Fast | HandshakeFeatures.Extensions;

    /// <summary>Our id.</summary>
    public PeerId OurId { get; } = ourId;

    /// <summary>We dialled: send ours, read theirs. Returns null with a reason when it fails; the connection is then disposed.</summary>
    public ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> OutboundAsync(
        IConnection connection, InfoHash infoHash, CancellationToken cancellationToken) =>
        GuardAsync(connection, cancellationToken, buffer => DialAsync(connection, infoHash, buffer));

    /// <summary>They dialled: read theirs first; answer only when <paramref name="isServed"/> (W06: an unknown infohash gets 0 bytes).</summary>
    public ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> InboundAsync(
        IConnection connection, Func<InfoHash, bool> isServed, CancellationToken cancellationToken) =>
        GuardAsync(connection, cancellationToken, buffer => AnswerAsync(connection, isServed, buffer));

    private async ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> GuardAsync(
        IConnection connection, CancellationToken cancellationToken, Func<byte[], ValueTask<Outcome>> exchange)
    {
        using var deadline = new CancellationTokenSource(Deadline, clock);

        // Disposing is what ends a pending receive on every kind of connection, and the connection is of no use afterwards anyway.
        using var onDeadline = deadline.Token.UnsafeRegister(static state => ((IConnection)state!).Dispose(), connection);
        using var onStop = cancellationToken.UnsafeRegister(static state => ((IConnection)state!).Dispose(), connection);
        Outcome outcome;
        try
        {
            outcome = await exchange(new byte[Handshake.Length]).ConfigureAwait(false);
        }
        catch (NetworkException exception)
        {
            outcome = new(null, new DisconnectReason("peer.closed", exception.Message));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            outcome = new(null, new DisconnectReason("local.stopped", "The handshake was stopped."));
        }
        else if (deadline.IsCancellationRequested)
        {
            outcome = new(null, new DisconnectReason("peer.handshake_timeout", $"No handshake within {Deadline.TotalSeconds:0} s."));
        }

        if (outcome.Info is null)
        {
            connection.Dispose();
        }

        return (outcome.Info, outcome.Failure);
    }

    private async ValueTask<Outcome> DialAsync(IConnection connection, InfoHash infoHash, byte[] buffer)
    {
        await SendOursAsync(connection, infoHash).ConfigureAwait(false);
        return await ReadAsync(connection, buffer, 0, Handshake.Length).ConfigureAwait(false)
            ?? (Handshake.ReadInfoHash(buffer) == infoHash
                ? Accept(connection, buffer, isIncoming: false)
                : Fail("peer.infohash", "The peer answered for another torrent.", isMisbehaviour: true));
    }

    private async ValueTask<Outcome> AnswerAsync(IConnection connection, Func<InfoHash, bool> isServed, byte[] buffer)
    {
        if (await ReadAsync(connection, buffer, 0, Handshake.InfoHashEnd).ConfigureAwait(false) is { } failure)
        {
            return failure;
        }

        var infoHash = Handshake.ReadInfoHash(buffer);
        if (!isServed(infoHash))
        {
            return Fail("peer.unknown_torrent", "The peer asked for a torrent that is not served here.", isMisbehaviour: false);
        }

        // The answer leaves before their id is read: some clients send it only once they have seen ours (BEP 3).
        await SendOursAsync(connection, infoHash).ConfigureAwait(false);
        return await ReadAsync(connection, buffer, Handshake.InfoHashEnd, Handshake.Length).ConfigureAwait(false)
            ?? Accept(connection, buffer, isIncoming: true);
    }

    private Outcome Accept(IConnection connection, byte[] buffer, bool isIncoming)
    {
        var theirs = Handshake.Read(buffer);
        return theirs.PeerId == OurId
            ? Fail("peer.self", "The connection leads to ourselves.", isMisbehaviour: false)
            : new Outcome(
                new HandshakeInfo(
                    theirs.InfoHash,
                    theirs.PeerId,
                    connection.Remote,
                    isIncoming,
                    theirs.Features.HasFlag(HandshakeFeatures.Fast),
                    theirs.Features.HasFlag(HandshakeFeatures.Extensions),
                    theirs.Features.HasFlag(HandshakeFeatures.Dht),
                    OurId),
                null);
    }

    private async ValueTask SendOursAsync(IConnection connection, InfoHash infoHash)
    {
        var ours = new byte[Handshake.Length];
        new Handshake(infoHash, OurId, OurFeatures | (isDhtOn?.Invoke() == true ? HandshakeFeatures.Dht : HandshakeFeatures.None)).Write(ours);
        await connection.SendAsync([ours], CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="start"/> to <paramref name="end"/>; null when it went well.</summary>
    private static async ValueTask<Outcome?> ReadAsync(IConnection connection, byte[] buffer, int start, int end)
    {
        while (start < end)
        {
            var received = await connection.ReceiveAsync(buffer.AsMemory(start, end - start), CancellationToken.None).ConfigureAwait(false);
            if (received == 0)
            {
                return Fail("peer.closed", "The peer closed the connection during the handshake.", isMisbehaviour: false);
            }

            start += received;
            if (!Handshake.CanBegin(buffer.AsSpan(0, start)))
            {
                // At once, on the first wrong byte: aria2 tries encryption first and comes back in the clear when hung up on.
                return Fail("peer.protocol", "The other side does not speak BitTorrent.", isMisbehaviour: true);
            }
        }

        return null;
    }

    private static Outcome Fail(string code, string sentence, bool isMisbehaviour) => new(null, new DisconnectReason(code, sentence, isMisbehaviour));

    /// <summary>Either what the handshake told or why it failed.</summary>
    private sealed record Outcome(HandshakeInfo? Info, DisconnectReason? Failure);
}
