using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What peers say and are told by extensions (BEP 10): the info dictionary given to those who lack it (BEP 9), peers exchanged (BEP 11). Loop only.</summary>
internal sealed class PeerExtensions(SwarmLoop loop, TorrentCore core)
{
    private readonly PeerExchange _exchange = new();

    /// <summary>Peers may be exchanged about this torrent: never when it is private (BEP 27).</summary>
    public bool IsExchanging => core.Rules.IsExchanging && !core.Metainfo.IsPrivate;

    /// <summary>How exchange goes; null when it is off.</summary>
    public ExchangeCounts? Counts => IsExchanging ? _exchange.Counts(core.Peers.Values.Count(peer => peer.Exchange.SubId != 0)) : null;

    /// <summary>Bytes of the info dictionary we can give.</summary>
    public int MetadataSize => core.Metainfo.InfoBytes.Length;

    private int Parts => (MetadataSize + MetadataMessage.PartLength - 1) / MetadataMessage.PartLength;

    /// <summary>A peer said hello.</summary>
    public void OnHello(PeerState peer, ExtensionHandshake hello)
    {
        peer.MetadataSubId = hello.Messages.GetValueOrDefault(MetadataMessage.Name);
        peer.Exchange.SubId = IsExchanging ? hello.Messages.GetValueOrDefault(PexMessage.Name) : (byte)0;
    }

    /// <summary>A peer uses an extension of ours; a returned reason ends the connection.</summary>
    public DisconnectReason? OnMessage(PeerState peer, in PeerMessage message, long now) => message.Begin switch
    {
        Greeting.MetadataId => OnMetadata(peer, message.Payload),
        Greeting.ExchangeId when IsExchanging => OnExchange(peer, message.Payload, now),
        _ => null, // an extension we never offered
    };

    /// <summary>A peer told the UDP port of its DHT node (BEP 5).</summary>
    public void OnPort(PeerState peer, uint port)
    {
        if (!core.Metainfo.IsPrivate && port is > 0 and <= ushort.MaxValue)
        {
            core.Context.Host.OnDhtNode(loop, peer.Connection.Handshake.Remote.WithPort((int)port));
        }
    }

    /// <summary>Tells a new peer the port of our DHT node, if both have one.</summary>
    public void TellPort(PeerState peer)
    {
        if (core.Rules.DhtPort > 0 && peer.Connection.Handshake.SupportsDht && !core.Metainfo.IsPrivate)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Port, Begin: (uint)core.Rules.DhtPort));
        }
    }

    /// <summary>Once a second: tells each partner whose time it is of peers that came and went.</summary>
    public void Tick(long now)
    {
        if (!IsExchanging || core.Peers.Count < 2)
        {
            return;
        }

        List<(PeerEndpoint, PexFlags)>? dialable = null;
        foreach (var peer in core.Peers.Values)
        {
            if (peer.Exchange.SubId == 0 || (peer.Exchange.ToldAtMs is { } last && now - last < PeerExchange.IntervalMs))
            {
                continue;
            }

            dialable ??= [.. core.Peers.Values.Where(IsDialable).Select(other => (other.Endpoint, FlagsOf(other)))];
            if (_exchange.Tell(peer.Exchange, peer.Endpoint, dialable, now) is { } news)
            {
                peer.Connection.Send(news.ToMessage(peer.Exchange.SubId));
            }
        }
    }

    // We dialled it, or it told the port it listens on.
    private static bool IsDialable(PeerState peer) => !peer.Connection.Handshake.IsIncoming || peer.Endpoint != peer.Connection.Handshake.Remote;

    private static PexFlags FlagsOf(PeerState peer) =>
        (peer.IsSeed ? PexFlags.IsSeed : PexFlags.None) | (peer.Connection.Handshake.IsIncoming ? PexFlags.None : PexFlags.IsReachable);

    private DisconnectReason? OnMetadata(PeerState peer, ReadOnlyMemory<byte> body)
    {
        if (!MetadataMessage.TryRead(body, out var message))
        {
            return new DisconnectReason("meta.invalid", "Its message about metadata cannot be read.", IsMisbehaviour: true);
        }

        if (message.Type != MetadataMessageType.Request || peer.MetadataSubId == 0)
        {
            // We ask nobody, so data and rejects answer nothing of ours; each costs a little, so their number is limited (row G25).
            return message.Type == MetadataMessageType.Data && peer.UnaskedMetadata.IsOneTooMany(core.NowMs)
                ? new DisconnectReason("meta.unsolicited", "It kept sending metadata nobody asked it for.", IsMisbehaviour: true)
                : null;
        }

        // Twice the whole is enough for anyone who lost something on the way (row G28).
        if (message.Part < 0 || message.Part >= Parts || peer.MetadataPartsServed >= 2 * Parts)
        {
            peer.Connection.Send(new MetadataMessage(MetadataMessageType.Reject, message.Part, 0, default).ToMessage(peer.MetadataSubId));
            return null;
        }

        peer.MetadataPartsServed++;
        var offset = message.Part * MetadataMessage.PartLength;
        var part = core.Metainfo.InfoBytes.Slice(offset, Math.Min(MetadataMessage.PartLength, MetadataSize - offset));
        peer.Connection.Send(new MetadataMessage(MetadataMessageType.Data, message.Part, MetadataSize, part).ToMessage(peer.MetadataSubId));
        return null;
    }

    private DisconnectReason? OnExchange(PeerState peer, ReadOnlyMemory<byte> body, long now)
    {
        if (!PexMessage.TryRead(body, out var message))
        {
            return new DisconnectReason("peer.pex", "Its list of other peers is damaged.", IsMisbehaviour: true);
        }

        var (endpoints, reason) = _exchange.Hear(peer.Exchange, peer.Endpoint.Address, message!, now, core.Context.Clock.GetUtcNow());
        foreach (var endpoint in endpoints)
        {
            core.Pool.Add(endpoint, PeerSource.Exchange, now);
        }

        core.View.IsDirty |= !endpoints.IsEmpty;
        return reason;
    }
}
