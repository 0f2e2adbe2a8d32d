using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What peers say: one short method per message; a returned reason ends the connection. Loop only.</summary>
internal sealed class PeerTalk(TorrentCore core, Downloader downloader, Uploader uploader, ChokeBoard board, PeerExtensions extensions)
{
    private readonly TorrentCore _core = core;

    /// <summary>Obeys one message of a peer; a returned reason ends the connection.</summary>
    public DisconnectReason? OnMessage(PeerState peer, in PeerMessage message, long now) => message.Id switch
    {
        MessageId.Piece => downloader.OnPiece(peer, message, now),
        MessageId.Request => uploader.OnRequest(peer, message, _core.Have, now),
        MessageId.Have => OnHave(peer, message.Piece),
        MessageId.Choke => OnChoke(peer, now),
        MessageId.Unchoke => OnUnchoke(peer, now),
        MessageId.Interested => OnInterested(peer, isInterested: true, now),
        MessageId.NotInterested => OnInterested(peer, isInterested: false, now),
        MessageId.Bitfield => OnBitfield(peer, message.Payload.Span),
        MessageId.HaveAll => OnHaveAll(peer),
        MessageId.HaveNone => OnHaveNone(peer),
        MessageId.Reject => OnReject(peer, message),
        MessageId.AllowedFast => OnAllowedFast(peer, message.Piece),
        MessageId.Cancel => OnCancel(peer, message),
        MessageId.Suggest => OnSuggest(peer, message.Piece),
        MessageId.Extended when message.Begin == ExtensionHandshake.SubId => OnHello(peer, message),
        MessageId.Extended => extensions.OnMessage(peer, message, now),
        MessageId.Port => OnPort(peer, message.Begin),
        _ => null, // keep-alive
    };

    private static DisconnectReason BadIndex() => new("peer.index", "It named a piece that does not exist.", IsMisbehaviour: true);

    private static DisconnectReason? Flap(PeerState peer, long now) => peer.StateFlaps.IsOneTooMany(now)
        ? new DisconnectReason("peer.flap", "It kept changing its mind about choking or interest.", IsMisbehaviour: true)
        : null;

    private static DisconnectReason NotNegotiated() =>
        new("peer.not_negotiated", "It used the fast extension without having agreed on it.", IsMisbehaviour: true);

    private DisconnectReason? OnChoke(PeerState peer, long now)
    {
        var flap = peer.IsChoking ? null : Flap(peer, now);
        peer.IsChoking = true;
        if (!peer.HasFast)
        {
            downloader.ReleaseRequests(peer);
        }

        return flap;
    }

    private DisconnectReason? OnUnchoke(PeerState peer, long now)
    {
        var flap = peer.IsChoking ? Flap(peer, now) : null;
        peer.IsChoking = false;
        peer.IsSource = board.OnUnchokesUs(peer, _core.Peers.Values, _core.Rules, _core.IsComplete, _core.IsStrict, now);
        return flap;
    }

    private DisconnectReason? OnInterested(PeerState peer, bool isInterested, long now)
    {
        var began = isInterested && !peer.IsInterested;
        var flap = isInterested == peer.IsInterested ? null : Flap(peer, now);
        peer.IsInterested = isInterested;
        if (began && peer.AmChoking && _core.IsTransferring)
        {
            board.OnInterested(peer, _core.Peers.Values, _core.Rules, _core.IsComplete, _core.IsStrict, now);
        }

        return flap;
    }

    private DisconnectReason? OnHave(PeerState peer, uint piece)
    {
        if (piece >= (uint)_core.Geometry.PieceCount)
        {
            return BadIndex();
        }

        peer.SaidPieces = true;
        if (peer.Have.Set((int)piece))
        {
            _core.Picker.OnPeerHave((int)piece);
            if (!_core.Have[(int)piece] && _core.Picker.IsWanted((int)piece))
            {
                peer.InterestingPieces++;
                peer.UpdateInterest();
            }
        }

        return _core.Redundancy(peer);
    }

    private DisconnectReason? OnBitfield(PeerState peer, ReadOnlySpan<byte> wire)
    {
        if (!Bitfield.TryRead(wire, _core.Geometry.PieceCount, out var bitfield))
        {
            return new DisconnectReason("peer.bitfield_spare", "Its list of pieces has the wrong length or spare bits set.", IsMisbehaviour: true);
        }

        if (peer.SaidPieces)
        {
            // A later bitfield stands for many haves (aria2 does that); what it no longer names is not taken back.
            return TakeNews(peer, bitfield!);
        }

        TakePieces(peer, bitfield!);
        return _core.Redundancy(peer);
    }

    // A later one stands for many haves: aria2 sends one when it began by a magnet link and completes.
    private DisconnectReason? OnHaveAll(PeerState peer)
    {
        if (!peer.HasFast)
        {
            return NotNegotiated();
        }

        var all = new Bitfield(_core.Geometry.PieceCount);
        all.SetAll();
        if (peer.SaidPieces)
        {
            return TakeNews(peer, all);
        }

        TakePieces(peer, all);
        return _core.Redundancy(peer);
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

    private DisconnectReason? TakeNews(PeerState peer, Bitfield news)
    {
        for (var piece = 0; piece < news.Length; piece++)
        {
            if (news[piece] && !peer.Have[piece] && OnHave(peer, (uint)piece) is { } reason)
            {
                return reason;
            }
        }

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

        _core.Picker.AddPeer(peer.Have);
        _core.CountInteresting(peer);
    }

    private DisconnectReason? OnReject(PeerState peer, in PeerMessage message)
    {
        if (!peer.HasFast)
        {
            return NotNegotiated();
        }

        // A reject may cross our cancel, so one that matches nothing is not yet a crime.
        if (_core.Geometry.TryBlock(message.Piece, message.Begin, message.Length, out var block) && peer.TakeRequest(block))
        {
            _core.Picker.Release(block, peer.Id);
        }

        return null;
    }

    private DisconnectReason? OnAllowedFast(PeerState peer, uint piece)
    {
        if (!peer.HasFast)
        {
            return NotNegotiated();
        }

        if (piece >= (uint)_core.Geometry.PieceCount)
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
        !peer.HasFast ? NotNegotiated() : piece >= (uint)_core.Geometry.PieceCount ? BadIndex() : null;

    private DisconnectReason? OnCancel(PeerState peer, in PeerMessage message)
    {
        uploader.OnCancel(peer, message);
        return null;
    }

    private DisconnectReason? OnPort(PeerState peer, uint port)
    {
        extensions.OnPort(peer, port);
        return null;
    }

    private DisconnectReason? OnHello(PeerState peer, in PeerMessage message)
    {
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

        extensions.OnHello(peer, hello);
        return _core.Redundancy(peer);
    }
}
