using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <content>One short method per message of a peer.</content>
internal sealed partial class TorrentLoop
{
    private readonly List<BlockRef> _picked = [];
    private readonly List<int> _alsoRequestedBy = [];
    private bool _isDownloadLimited;

    private void OnPeerJoined(TorrentCommand.PeerJoined joined)
    {
        var (connection, handshake) = joined;
        var now = NowMs;
        if (!handshake.IsIncoming)
        {
            _dialing--;
            _context.Permits.EndDial(wasOpened: true);
        }

        var refusal = RefusalOf(handshake, now);
        if (refusal is not null || !IsTransferring)
        {
            _context.Permits.Release();
            connection.Dispose();
            _pool.OnDialFailed(handshake.Remote, now);
            return;
        }

        var live = new PeerConnection(connection, handshake, _context.Blocks, _context.Clock, _context.Scheduler);
        var peer = new PeerState(++_lastPeerId, live, _geometry.PieceCount, now, _context.Clock.GetUtcNow());
        live.Tag = peer;
        _peers.Add(live, peer);
        _pool.OnConnected(handshake.Remote, now);
        live.Start(this, _geometry.PieceCount);
        Greet(peer);
    }

    private DisconnectReason? RefusalOf(HandshakeInfo handshake, long now)
    {
        if (_pool.IsBanned(handshake.Remote, now))
        {
            return new DisconnectReason("peer.banned", "It is banned for bad data or bad manners.");
        }

        if (_peers.Count >= _rules.MaxConnections)
        {
            return new DisconnectReason("local.full", "The torrent has as many connections as it may.");
        }

        return _peers.Values.Any(peer => peer.Connection.Handshake.PeerId == handshake.PeerId)
            ? new DisconnectReason("peer.duplicate", "The same peer is connected already.")
            : null;
    }

    private void Greet(PeerState peer)
    {
        var handshake = peer.Connection.Handshake;
        if (handshake.SupportsFast && (_have.IsFull || _have.IsEmpty))
        {
            peer.Connection.Send(new PeerMessage(_have.IsFull ? MessageId.HaveAll : MessageId.HaveNone));
        }
        else if (handshake.SupportsFast || !_have.IsEmpty)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Bitfield) { Payload = _have.ToArray() });
        }

        if (handshake.SupportsExtensions)
        {
            var hello = new ExtensionHandshake
            {
                Client = $"P2P.Blazor {typeof(TorrentLoop).Assembly.GetName().Version?.ToString(3)}",
                MaxRequests = Uploader.QueueLimit,
                ListenPort = _rules.ListenPort > 0 ? _rules.ListenPort : null,
                UploadOnly = IsComplete,
                YourAddress = handshake.Remote.Address,
            };
            peer.Connection.Send(hello.ToMessage());
        }

        if (handshake.SupportsFast && !_have.IsEmpty)
        {
            foreach (var piece in AllowedFastSet.Generate(handshake.Remote.Address, InfoHash, _geometry.PieceCount, 10))
            {
                if (_have[piece])
                {
                    peer.AllowedToThem[piece] = 0;
                    peer.Connection.Send(new PeerMessage(MessageId.AllowedFast, (uint)piece));
                }
            }
        }
    }

    private void OnPeerMessages(PeerConnection connection, PeerBatch batch)
    {
        var now = NowMs;
        if (!_peers.TryGetValue(connection, out var peer))
        {
            ReturnBlocks(batch, 0);
            batch.Recycle();
            return;
        }

        for (var i = 0; i < batch.Messages.Count; i++)
        {
            if (OnMessage(peer, batch.Messages[i], now) is { } reason)
            {
                ReturnBlocks(batch, i + 1);
                ClosePeer(peer, reason);
                break;
            }
        }

        batch.Recycle();
        if (!peer.IsClosed && IsTransferring)
        {
            RequestMore(peer);
            _uploader.Pump(peer, _storage!, now);
            FlushIfDue(now);
        }
    }

    private static void ReturnBlocks(PeerBatch batch, int from)
    {
        for (var i = from; i < batch.Messages.Count; i++)
        {
            batch.Messages[i].Data?.Return();
        }
    }

    private DisconnectReason? OnMessage(PeerState peer, in PeerMessage message, long now) => message.Id switch
    {
        MessageId.Piece => OnPiece(peer, message, now),
        MessageId.Request => _uploader.OnRequest(peer, message, _have, now),
        MessageId.Have => OnHave(peer, message.Piece),
        MessageId.Choke => OnChoke(peer),
        MessageId.Unchoke => OnUnchoke(peer),
        MessageId.Interested => OnInterested(peer, isInterested: true, now),
        MessageId.NotInterested => OnInterested(peer, isInterested: false, now),
        MessageId.Bitfield => OnBitfield(peer, message.Payload.Span),
        MessageId.HaveAll => OnHaveAll(peer),
        MessageId.HaveNone => OnHaveNone(peer),
        MessageId.Reject => OnReject(peer, message),
        MessageId.AllowedFast => OnAllowedFast(peer, message.Piece),
        MessageId.Cancel => OnCancel(peer, message),
        MessageId.Suggest => OnSuggest(peer, message.Piece),
        MessageId.Extended => OnExtended(peer, message),
        _ => null, // keep-alive and the DHT port: nothing to do yet
    };

    private static DisconnectReason BadIndex() => new("peer.index", "It named a piece that does not exist.", IsMisbehaviour: true);

    private static DisconnectReason NotNegotiated() =>
        new("peer.not_negotiated", "It used the fast extension without having agreed on it.", IsMisbehaviour: true);

    private DisconnectReason? OnChoke(PeerState peer)
    {
        peer.IsChoking = true;
        if (!peer.HasFast)
        {
            ReleaseRequests(peer);
        }

        return null;
    }

    private DisconnectReason? OnUnchoke(PeerState peer)
    {
        peer.IsChoking = false;
        peer.IsSource = ChokeBoard.IsSourceNow(peer, _peers.Values, _rules, IsStrict);
        return null;
    }

    private DisconnectReason? OnInterested(PeerState peer, bool isInterested, long now)
    {
        var began = isInterested && !peer.IsInterested;
        peer.IsInterested = isInterested;
        if (began && peer.AmChoking && IsTransferring)
        {
            _board.OnInterested(peer, _peers.Values, _rules, IsComplete, IsStrict, now);
        }

        return null;
    }

    private DisconnectReason? OnHave(PeerState peer, uint piece)
    {
        if (piece >= (uint)_geometry.PieceCount)
        {
            return BadIndex();
        }

        peer.SaidPieces = true;
        if (peer.Have.Set((int)piece))
        {
            _picker.OnPeerHave((int)piece);
            if (!_have[(int)piece] && _picker.IsWanted((int)piece))
            {
                peer.InterestingPieces++;
                UpdateInterest(peer);
            }
        }

        return CloseIfRedundant(peer);
    }

    private DisconnectReason? OnBitfield(PeerState peer, ReadOnlySpan<byte> wire)
    {
        if (!Bitfield.TryRead(wire, _geometry.PieceCount, out var bitfield))
        {
            return new DisconnectReason("peer.bitfield_spare", "Its list of pieces has the wrong length or spare bits set.", IsMisbehaviour: true);
        }

        if (peer.SaidPieces)
        {
            // A later bitfield stands for many haves (aria2 does that); what it no longer names is not taken back.
            for (var piece = 0; piece < bitfield!.Length; piece++)
            {
                if (bitfield[piece] && OnHave(peer, (uint)piece) is { } reason)
                {
                    return reason;
                }
            }

            return null;
        }

        TakePieces(peer, bitfield!);
        return CloseIfRedundant(peer);
    }

    private DisconnectReason? OnHaveAll(PeerState peer)
    {
        if (!peer.HasFast || peer.SaidPieces)
        {
            return peer.HasFast ? new DisconnectReason("peer.fast_order", "It sent a second list of its pieces.", IsMisbehaviour: true) : NotNegotiated();
        }

        var all = new Bitfield(_geometry.PieceCount);
        all.SetAll();
        TakePieces(peer, all);
        return CloseIfRedundant(peer);
    }

    private static DisconnectReason? OnHaveNone(PeerState peer)
    {
        if (!peer.HasFast || peer.SaidPieces)
        {
            return peer.HasFast ? new DisconnectReason("peer.fast_order", "It sent a second list of its pieces.", IsMisbehaviour: true) : NotNegotiated();
        }

        peer.SaidPieces = true;
        return null;
    }

    private void TakePieces(PeerState peer, Bitfield pieces)
    {
        peer.SaidPieces = true;
        for (var piece = 0; piece < pieces.Length; piece++)
        {
            if (pieces[piece])
            {
                peer.Have.Set(piece);
            }
        }

        _picker.AddPeer(peer.Have);
        CountInteresting(peer);
    }

    private DisconnectReason? CloseIfRedundant(PeerState peer) =>
        IsComplete && peer.IsSeed ? new DisconnectReason("local.redundant", "Both of us have everything.") : null;

    private DisconnectReason? OnPiece(PeerState peer, in PeerMessage message, long now)
    {
        var data = message.Data!;
        if (!_geometry.TryBlock(message.Piece, message.Begin, (uint)data.Length, out var block))
        {
            data.Return();
            return new DisconnectReason("peer.piece_invalid", "It sent a block that does not exist.", IsMisbehaviour: true);
        }

        var wasRequested = peer.TakeRequest(block);
        var arrival = _geometry.IsCanonical(block) && !_have[block.Piece] && (wasRequested || _picker.Partial(block.Piece) is not null)
            ? _picker.OnBlock(block, peer.Id, data, _alsoRequestedBy)
            : BlockArrival.NotWanted;
        if (wasRequested)
        {
            // Only what was asked for counts as given: unrequested bytes must not buy a slot.
            peer.Received.Add(now, block.Length);
            peer.Window.OnBlock(now, block.Length, peer.Received.RecentBytesPerSecond(now));
        }

        _received.Add(now, block.Length);
        Interlocked.Add(ref _downloadedThisRun, block.Length);
        if (arrival is BlockArrival.Duplicate or BlockArrival.NotWanted)
        {
            data.Return();
            _wasted += block.Length;
            return !wasRequested && ++peer.UnrequestedBlocks > 16 + (_alsoRequestedBy.Count * 4) && !_picker.InEndgame
                ? new DisconnectReason("peer.unrequested", "It kept sending blocks nobody asked for.", IsMisbehaviour: true)
                : null;
        }

        CancelElsewhere(block, peer);
        if (arrival == BlockArrival.CompletesPiece)
        {
            WriteCompletedPiece(block.Piece);
        }

        return null;
    }

    private void CancelElsewhere(BlockRef block, PeerState from)
    {
        foreach (var id in _alsoRequestedBy)
        {
            if (id != from.Id && _peers.Values.FirstOrDefault(other => other.Id == id) is { } other && other.TakeRequest(block))
            {
                other.Connection.Send(new PeerMessage(MessageId.Cancel, (uint)block.Piece, (uint)block.Begin, (uint)block.Length));
            }
        }

        _alsoRequestedBy.Clear();
    }

    private DisconnectReason? OnReject(PeerState peer, in PeerMessage message)
    {
        if (!peer.HasFast)
        {
            return NotNegotiated();
        }

        // A reject may cross our cancel, so one that matches nothing is not yet a crime.
        if (_geometry.TryBlock(message.Piece, message.Begin, message.Length, out var block) && peer.TakeRequest(block))
        {
            _picker.Release(block, peer.Id);
        }

        return null;
    }

    private DisconnectReason? OnAllowedFast(PeerState peer, uint piece)
    {
        if (!peer.HasFast)
        {
            return NotNegotiated();
        }

        if (piece >= (uint)_geometry.PieceCount)
        {
            return BadIndex();
        }

        if (peer.AllowedToUs.Count < 64)
        {
            peer.AllowedToUs.Add((int)piece);
        }

        return null;
    }

    private DisconnectReason? OnSuggest(PeerState peer, uint piece) =>
        !peer.HasFast ? NotNegotiated() : piece >= (uint)_geometry.PieceCount ? BadIndex() : null;

    private DisconnectReason? OnCancel(PeerState peer, in PeerMessage message)
    {
        _uploader.OnCancel(peer, message);
        return null;
    }

    private DisconnectReason? OnExtended(PeerState peer, in PeerMessage message)
    {
        if (message.Begin != 0)
        {
            return null; // an extension we never offered
        }

        if (!ExtensionHandshake.TryRead(message.Payload, out var hello, out var fault))
        {
            return new DisconnectReason(fault.Code, fault.Message, IsMisbehaviour: true);
        }

        peer.Client = string.IsNullOrEmpty(hello.Client) ? peer.Client : hello.Client;
        peer.Window.PeerReqq = hello.MaxRequests;
        peer.IsUploadOnly = hello.UploadOnly ?? peer.IsUploadOnly;
        if (peer.Connection.Handshake.IsIncoming && hello.ListenPort is > 0 and var port)
        {
            peer.Endpoint = peer.Endpoint.WithPort(port);
        }

        return CloseIfRedundant(peer);
    }

    private void CountInteresting(PeerState peer)
    {
        var count = 0;
        for (var piece = 0; piece < peer.Have.Length; piece++)
        {
            count += peer.Have[piece] && !_have[piece] && _picker.IsWanted(piece) ? 1 : 0;
        }

        peer.InterestingPieces = count;
        UpdateInterest(peer);
    }

    private static void UpdateInterest(PeerState peer)
    {
        var isInteresting = peer.InterestingPieces > 0;
        if (peer.AmInterested != isInteresting)
        {
            peer.AmInterested = isInteresting;
            peer.Connection.Send(new PeerMessage(isInteresting ? MessageId.Interested : MessageId.NotInterested));
        }
    }

    private void RequestMore(PeerState peer)
    {
        if (!IsTransferring || !peer.AmInterested || peer.IsClosed || (peer.IsChoking && peer.AllowedToUs.Count == 0) || (IsStrict && !peer.IsSource))
        {
            return;
        }

        var now = NowMs;
        var room = peer.Window.Size - peer.Requests.Count;
        if (room <= 0 || (room < peer.Window.Size / 4 && peer.Requests.Count > 8))
        {
            return; // ask in runs, not block by block
        }

        var budget = _context.DownloadBudget.Available(now) / PieceGeometry.BlockLength;
        _isDownloadLimited = _context.DownloadBudget.Rate > 0 && budget < room;
        room = _context.DownloadBudget.Rate > 0 ? (int)Math.Clamp(budget, 0, room) : room;
        if (room == 0)
        {
            return;
        }

        _picked.Clear();
        var allowed = peer.IsChoking ? AllowedBits(peer) : null;

        // A peer that waits for work has a recent rate near 0, which says nothing of what it can give.
        var rate = Math.Max(peer.Received.RecentBytesPerSecond(now), peer.Received.BytesPerSecond(now));
        _picker.Pick(peer.Id, peer.Have, allowed, rate, room, _picked);
        foreach (var block in _picked)
        {
            _context.DownloadBudget.TryTake(block.Length, now);
            peer.Requests.Add(block);
            peer.Connection.Send(new PeerMessage(MessageId.Request, (uint)block.Piece, (uint)block.Begin, (uint)block.Length));
        }

        if (_picked.Count > 0)
        {
            peer.Window.OnRequested(now);
        }
    }

    private Bitfield AllowedBits(PeerState peer)
    {
        var bits = new Bitfield(_geometry.PieceCount);
        foreach (var piece in peer.AllowedToUs)
        {
            bits.Set(piece);
        }

        return bits;
    }

    private void ReleaseRequests(PeerState peer)
    {
        _picker.ReleaseAll(peer.Id);
        peer.Requests.Clear();
    }

    private void OnBlocksSent(TorrentCommand.BlocksSent sent)
    {
        if (_peers.TryGetValue(sent.Peer, out var peer))
        {
            var now = NowMs;
            _uploader.OnSent(peer, sent.PayloadBytes, now);
            _sent.Add(now, sent.PayloadBytes);
            Interlocked.Add(ref _uploadedThisRun, sent.PayloadBytes);
            if (IsTransferring)
            {
                _uploader.Pump(peer, _storage!, now);
            }
        }
    }

    private void OnPeerGone(PeerConnection connection, DisconnectReason reason)
    {
        if (_peers.TryGetValue(connection, out var peer))
        {
            Forget(peer, reason);
        }
    }

    private void ClosePeer(PeerState peer, DisconnectReason reason)
    {
        if (!peer.IsClosed)
        {
            peer.Connection.Close(reason);
            Forget(peer, reason);
        }
    }

    private void Forget(PeerState peer, DisconnectReason reason)
    {
        var now = NowMs;
        peer.IsClosed = true;
        _peers.Remove(peer.Connection);
        ReleaseRequests(peer);
        _picker.RemovePeer(peer.Have);
        _context.Permits.Release();
        var remote = peer.Connection.Handshake.Remote;
        EngineLog.PeerClosed(_context.Logger, InfoHash, remote, peer.Client, reason.Code, reason.Message);
        _pool.OnClosed(remote, wasUseful: peer.Received.Total > 0 || peer.Sent.Total > 0, now);
        if (reason.IsMisbehaviour)
        {
            _pool.Strike(remote, now);
        }

        _view.IsDirty = true;
    }
}
