using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>A member of a multicast group: datagrams reach every member on the same LAN, the sender included, after the latency, or, lost, never.</summary>
internal sealed class SimulatedMulticastSocket(NetworkCard card, SimulatedProcess process, PeerEndpoint group) : IMulticastSocket
{
    private readonly PeerEndpoint _local = card.NewEndpoint();
    private readonly Queue<(byte[] Bytes, PeerEndpoint From)> _waiting = new();
    private TaskCompletionSource<(byte[] Bytes, PeerEndpoint From)>? _receiving;
    private bool _isDisposed;

    /// <summary>The machine it is on.</summary>
    public string Machine => card.Name;

    private SimulatedWorld World => card.Network.World;

    /// <inheritdoc/>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
    {
        World.AssertOnThread();
        if (_isDisposed || !card.IsOn)
        {
            return ValueTask.FromResult(0);
        }

        SendAs(_local, datagram.ToArray());
        return ValueTask.FromResult(1);
    }

    /// <inheritdoc/>
    public async ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isDisposed)
        {
            throw Closed();
        }

        if (!_waiting.TryDequeue(out var item))
        {
            var receiving = new TaskCompletionSource<(byte[], PeerEndpoint)>();
            _receiving = receiving;
            using var cancel = cancellationToken.UnsafeRegister(
                _ => process.After(TimeSpan.Zero, () => receiving.TrySetCanceled(cancellationToken)), null);
            item = await receiving.Task.ConfigureAwait(false);
        }

        var length = Math.Min(buffer.Length, item.Bytes.Length);
        item.Bytes.AsSpan(0, length).CopyTo(buffer.Span);
        return (length, item.From);
    }

    /// <inheritdoc/>
    public bool IsLocal(IPAddress address) => card.Network.Find(address) is { } there && there.Lan == card.Lan;

    /// <summary>Sends with any address as its sender, as a liar can.</summary>
    public void SendAs(PeerEndpoint sender, byte[] datagram)
    {
        card.Network.OnMulticast?.Invoke(card, datagram);
        foreach (var member in card.Network.Groups)
        {
            if (member.Hears(card, group) && !IsLost(member))
            {
                World.After(card.LatencyTo(member.Card), () => member.Offer(datagram, sender));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            card.Network.Groups.Remove(this);
            if (_receiving is { } receiving)
            {
                process.After(TimeSpan.Zero, () => receiving.TrySetException(Closed()));
            }
        }
    }

    private NetworkCard Card => card;

    private bool Hears(NetworkCard sender, PeerEndpoint to) =>
        to == group && card.IsOn && card.Lan == sender.Lan && !card.Network.IsPartitioned(sender, card);

    private bool IsLost(SimulatedMulticastSocket member)
    {
        var loss = member == this ? 0 : Math.Max(card.Link.Loss, member.Card.Link.Loss);
        return loss > 0 && World.Random.NextDouble() < loss;
    }

    private void Offer(byte[] bytes, PeerEndpoint from)
    {
        if (_isDisposed || !process.IsAlive)
        {
            return;
        }

        if (_receiving is { Task.IsCompleted: false } receiving)
        {
            receiving.TrySetResult((bytes, from));
        }
        else
        {
            _waiting.Enqueue((bytes, from));
        }
    }

    private static NetworkException Closed() => new("net.closed", "The socket was closed.");
}
