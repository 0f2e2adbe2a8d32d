using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>Who is connected: dials, welcomes, watches over and parts from peers. Loop only.</summary>
internal sealed class PeerDesk(TorrentLoop loop, TorrentCore core, Downloader downloader, PeerExtensions extensions)
{
    private static readonly DisconnectReason Duplicate = new("peer.duplicate", "The same peer is connected already.");
    private static readonly DisconnectReason Stopped = new("local.stopped", "We stopped the torrent.");

    private readonly TorrentCore _core = core;
    private int _lastPeerId;
    private readonly Dialling _dialling = new(loop, core.Context, core.Pool);
    private bool _wantsPeers;

    /// <summary>Endpoints from discovery or by hand.</summary>
    public void OnPeersFound(TorrentCommand.PeersFound found)
    {
        var now = _core.NowMs;
        foreach (var endpoint in found.Endpoints)
        {
            _core.Pool.Add(endpoint, found.Source, now);
        }

        _core.View.IsDirty = true;
        DialMore(now);
    }

    /// <summary>Dials while there is room and somebody worth dialling.</summary>
    /// <remarks>A seed does not go looking for other seeds: it dials while it has room, and drops those that turn out complete.</remarks>
    public void DialMore(long now) =>
        _dialling.DialMore(now, () => _core.IsTransferring && _core.Peers.Count + _dialling.Count < _core.Rules.MaxConnections);

    /// <summary>A dial came to nothing.</summary>
    public void OnDialFailed(TorrentCommand.DialFailed failed)
    {
        _dialling.OnFailed(failed, _core.NowMs);
        DialMore(_core.NowMs);
    }

    /// <summary>A handshake succeeded: the connection is ours now, or is refused.</summary>
    public void OnPeerJoined(TorrentCommand.PeerJoined joined)
    {
        var (connection, handshake) = joined;
        var now = _core.NowMs;
        _dialling.OnJoined(handshake);
        if (_core.Peers.Values.FirstOrDefault(peer => peer.Connection.Handshake.PeerId == handshake.PeerId) is { } older
            && SimultaneousOpen.NewerStays(older.Connection.Handshake, _core.Context.Clock.GetUtcNow() - older.ConnectedAt, handshake))
        {
            ClosePeer(older, Duplicate);
        }

        var refusal = RefusalOf(handshake, now);
        if (refusal is not null || !_core.IsTransferring)
        {
            EngineLog.PeerFailed(
                _core.Context.Logger, handshake.Remote.ToString(), refusal?.Code ?? "local.stopped", refusal?.Message ?? "The torrent stopped meanwhile.");
            _dialling.Refuse(joined, now);
            return;
        }

        var live = new PeerConnection(connection, handshake, _core.Context.Blocks, _core.Context.Clock, _core.Context.Scheduler);
        var peer = new PeerState(++_lastPeerId, live, _core.Geometry.PieceCount, now, _core.Context.Clock.GetUtcNow());
        live.Tag = peer;
        _core.Peers.Add(live, peer);
        _core.Pool.OnConnected(handshake.Remote, now);
        live.Start(loop, _core.Geometry.PieceCount);
        Greet(peer);
    }

    private DisconnectReason? RefusalOf(HandshakeInfo handshake, long now)
    {
        if (_core.Pool.IsBanned(handshake.Remote, now))
        {
            return new DisconnectReason("peer.banned", "It is banned for bad data or bad manners.");
        }

        if (_core.Peers.Count >= _core.Rules.MaxConnections)
        {
            return new DisconnectReason("local.full", "The torrent has as many connections as it may.");
        }

        if (AddressLimits.IsFull(handshake.Remote.Address, _core.Peers.Values.Select(peer => peer.Connection.Handshake.Remote.Address)))
        {
            return new DisconnectReason("peer.same_address", "As many peers of its address are connected as may be.");
        }

        return _core.Peers.Values.Any(peer => peer.Connection.Handshake.PeerId == handshake.PeerId)
            ? Duplicate
            : null;
    }

    private void Greet(PeerState peer)
    {
        var handshake = peer.Connection.Handshake;
        if (handshake.SupportsFast && (_core.Have.IsFull || _core.Have.IsEmpty))
        {
            peer.Connection.Send(new PeerMessage(_core.Have.IsFull ? MessageId.HaveAll : MessageId.HaveNone));
        }
        else if (handshake.SupportsFast || !_core.Have.IsEmpty)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Bitfield) { Payload = _core.Have.ToArray() });
        }

        if (handshake.SupportsExtensions)
        {
            peer.Connection.Send(Greeting.To(handshake, _core.Rules, extensions.IsExchanging, _core.IsComplete, extensions.MetadataSize));
        }

        extensions.TellPort(peer);
        if (handshake.SupportsFast && !_core.Have.IsEmpty)
        {
            foreach (var piece in AllowedFastSet.Generate(handshake.Remote.Address, _core.Metainfo.InfoHash, _core.Geometry.PieceCount, 10))
            {
                if (_core.Have[piece])
                {
                    peer.AllowedToThem[piece] = 0;
                    peer.Connection.Send(new PeerMessage(MessageId.AllowedFast, (uint)piece));
                }
            }
        }
    }

    /// <summary>Once a second: time-outs, snubbing, and whether more peers are wanted.</summary>
    public void TickPeers(long now)
    {
        var timestamp = _core.Context.Clock.GetTimestamp();
        foreach (var peer in _core.Peers.Values.ToArray())
        {
            peer.Connection.Tick(timestamp);
            _core.Picker.SetRate(peer.Id, peer.Received.RecentBytesPerSecond(now));
            if (peer.Window.CheckTimeouts(now, peer.Requests.Count))
            {
                // Snubbed: others may fetch what it holds back; if it comes late it is still taken (W38).
                downloader.ReleaseRequests(peer);
            }
        }

        extensions.Tick(now);
        SetWantsPeers(!_core.IsComplete && _core.Peers.Count + _dialling.Count < Math.Min(_core.Rules.MaxConnections, 30));
    }

    private void SetWantsPeers(bool wantsPeers)
    {
        if (_wantsPeers != wantsPeers)
        {
            _wantsPeers = wantsPeers;
            _core.Context.Host.OnWantsPeers(loop, wantsPeers);
        }
    }

    /// <summary>Parts from a peer that sent wrong bytes and refuses its address for a day.</summary>
    public void Ban(int peerId, string because)
    {
        if (_core.Peers.Values.FirstOrDefault(peer => peer.Id == peerId) is { } peer)
        {
            var address = peer.Connection.Handshake.Remote.Address;
            _core.Pool.Ban(address, _core.NowMs);
            TellBan(peer, $"{peer.Endpoint} is banned for a day: {because}.", because);
            ClosePeer(peer, new DisconnectReason("peer.bad_data", $"Banned: {because}.", IsMisbehaviour: false));
        }
    }

    /// <summary>The connected peer of this endpoint; null when there is none.</summary>
    public PeerState? Find(PeerEndpoint endpoint) =>
        _core.Peers.Values.FirstOrDefault(peer => peer.Endpoint == endpoint || peer.Connection.Handshake.Remote == endpoint);

    /// <summary>The user parts from a peer; banned, its address is refused for a day.</summary>
    public void Drop(PeerEndpoint endpoint, bool isBanned)
    {
        if (isBanned)
        {
            _core.Pool.Ban(endpoint.Address, _core.NowMs);
        }

        if (Find(endpoint) is { } peer)
        {
            if (isBanned)
            {
                TellBan(peer, $"{peer.Endpoint} is banned for a day by you.", "by you");
            }

            ClosePeer(peer, isBanned ? new DisconnectReason("peer.banned", "You banned it.") : new DisconnectReason("local.dropped", "You closed the connection."));
        }
    }

    private void TellBan(PeerState peer, string sentence, string reason) => _core.Context.Host.OnEvent(loop, new TorrentNews(
        EngineEventKind.PeerBanned,
        sentence,
        [DiagnosisArgument.Words("peer", peer.Endpoint.ToString()), DiagnosisArgument.Words("client", peer.Client), DiagnosisArgument.Words("reason", reason)]));

    /// <summary>Parts from everybody: the torrent stops.</summary>
    public void DropPeers()
    {
        foreach (var peer in _core.Peers.Values.ToArray())
        {
            ClosePeer(peer, Stopped);
        }
    }

    /// <summary>A connection ended by itself.</summary>
    public void OnPeerGone(PeerConnection connection, DisconnectReason reason)
    {
        if (_core.Peers.TryGetValue(connection, out var peer))
        {
            Forget(peer, reason);
        }
    }

    /// <summary>Ends a connection for a reason.</summary>
    public void ClosePeer(PeerState peer, DisconnectReason reason)
    {
        if (!peer.IsClosed)
        {
            peer.Connection.Close(reason);
            Forget(peer, reason);
        }
    }

    private void Forget(PeerState peer, DisconnectReason reason)
    {
        var now = _core.NowMs;
        peer.IsClosed = true;
        _core.Peers.Remove(peer.Connection);
        downloader.ReleaseRequests(peer);
        _core.Picker.RemovePeer(peer.Have);
        _core.Context.Permits.Release();
        var remote = peer.Connection.Handshake.Remote;
        EngineLog.PeerClosed(_core.Context.Logger, _core.Metainfo.InfoHash, remote, peer.Client, reason.Code, reason.Message);
        _core.Pool.Note(remote, reason.Message);
        _core.Pool.OnClosed(remote, wasUseful: peer.Received.Total > 0 || peer.Sent.Total > 0, now, byPeer: reason.Code == "peer.closed" && !_core.IsComplete);
        if (reason.IsMisbehaviour)
        {
            EngineLog.PeerStruck(_core.Context.Logger, _core.Metainfo.InfoHash, remote, peer.Client, reason.Code, reason.Message);
            if (_core.Pool.Strike(remote, now))
            {
                TellBan(peer, $"{peer.Endpoint} is banned for an hour, because it broke the rules three times: {PlainWords.Quoted(reason.Message)}.", reason.Message);
            }
        }

        _core.View.IsDirty = true;
    }
}
