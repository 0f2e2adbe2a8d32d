using System.Collections.Immutable;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What a hashed piece came to.</summary>
/// <param name="IsVerified">It is right and written.</param>
/// <param name="Bans">Peers found to have sent wrong bytes, each with the reason.</param>
internal readonly record struct PieceOutcome(bool IsVerified, ImmutableArray<(int PeerId, string Because)> Bans);

/// <summary>Asks peers for blocks, puts pieces together, has them hashed and written, and finds who sent wrong ones. Loop only.</summary>
internal sealed class Downloader(TorrentLoop loop, TorrentCore core)
{
    private readonly TorrentCore _core = core;
    private readonly SmartBan _smartBan = new();
    private readonly List<BlockRef> _picked = [];
    private readonly List<int> _alsoRequestedBy = [];

    // Who supplied each block of a piece that is being hashed, and the digests of its blocks when it failed before.
    private readonly Dictionary<int, (int[] Suppliers, ulong[]? Digests)> _writing = [];

    // Pieces that failed their hash so often that they wait (PieceRetry of the limits).
    private readonly List<(int Piece, long AtMs)> _retries = [];
    private int _flushingBlocks;

    /// <summary>Pieces are being written, or blocks of unfinished ones.</summary>
    public bool IsWriting => _writing.Count > 0 || _flushingBlocks > 0;

    /// <summary>A check decides anew. A look at the files came after every write, so none is under way, even where a close kept its end from us.</summary>
    public void Reset()
    {
        _retries.Clear();
        _writing.Clear();
        _flushingBlocks = 0;
    }

    /// <summary>Asks for as many blocks as the peer's window and the download budget have room for, in runs.</summary>
    public void RequestMore(PeerState peer)
    {
        if (!_core.IsTransferring || !peer.AmInterested || peer.IsClosed || (peer.IsChoking && peer.AllowedToUs.Count == 0) || (_core.IsStrict && !peer.IsSource))
        {
            return;
        }

        var now = _core.NowMs;
        var room = peer.Window.Size - peer.Requests.Count;
        if (room <= 0 || (room < peer.Window.Size / 4 && peer.Requests.Count > 8))
        {
            return; // ask in runs, not block by block
        }

        var budget = _core.DownloadAllowance(now) / PieceGeometry.BlockLength;
        _core.IsDownloadLimited = _core.IsDownloadBound && budget < room;
        room = _core.IsDownloadBound ? (int)Math.Clamp(budget, 0, room) : room;
        if (room == 0)
        {
            return;
        }

        _picked.Clear();
        var allowed = peer.IsChoking ? AllowedBits(peer) : null;

        // A peer that waits for work has a recent rate near 0, which says nothing of what it can give.
        var rate = Math.Max(peer.Received.RecentBytesPerSecond(now), peer.Received.BytesPerSecond(now));
        _core.Picker.Pick(peer.Id, peer.Have, allowed, rate, room, _picked);
        foreach (var block in _picked)
        {
            _core.Context.DownloadBudget.TryTake(block.Length, now);
            _core.OwnDownload.TryTake(block.Length, now);
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
        var bits = new Bitfield(_core.Geometry.PieceCount);
        foreach (var piece in peer.AllowedToUs)
        {
            bits.Set(piece);
        }

        return bits;
    }

    /// <summary>What was asked of this peer may be asked of others.</summary>
    public void ReleaseRequests(PeerState peer)
    {
        _core.Picker.ReleaseAll(peer.Id);
        peer.Requests.Clear();
    }

    /// <summary>A block arrived. Returns a reason when the peer must be cut off.</summary>
    public DisconnectReason? OnPiece(PeerState peer, in PeerMessage message, long now)
    {
        var data = message.Data!;
        if (!_core.Geometry.TryBlock(message.Piece, message.Begin, (uint)data.Length, out var block))
        {
            data.Return();
            return new DisconnectReason("peer.piece_invalid", "It sent a block that does not exist.", IsMisbehaviour: true);
        }

        var wasRequested = peer.TakeRequest(block);
        var arrival = _core.Geometry.IsCanonical(block) && !_core.Have[block.Piece] && (wasRequested || _core.Picker.Partial(block.Piece) is not null)
            ? _core.Picker.OnBlock(block, peer.Id, data, _alsoRequestedBy)
            : BlockArrival.NotWanted;
        if (wasRequested)
        {
            // Only what was asked for counts as given: unrequested bytes must not buy a slot.
            peer.Received.Add(now, block.Length);
            peer.Window.OnBlock(now, block.Length, peer.Received.RecentBytesPerSecond(now));
        }

        _core.AddReceived(block.Length, now);
        if (arrival is BlockArrival.Duplicate or BlockArrival.NotWanted)
        {
            data.Return();
            _core.Wasted += block.Length;
            return !wasRequested && !_core.Picker.InEndgame && peer.UnrequestedBlocks.IsOneTooMany(now)
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
            if (id != from.Id && _core.Peers.Values.FirstOrDefault(other => other.Id == id) is { } other && other.TakeRequest(block))
            {
                other.Connection.Send(new PeerMessage(MessageId.Cancel, (uint)block.Piece, (uint)block.Begin, (uint)block.Length));
            }
        }

        _alsoRequestedBy.Clear();
    }

    private void WriteCompletedPiece(int piece)
    {
        var partial = _core.Picker.Remove(piece);
        var suppliers = new int[partial.BlockCount];
        for (var block = 0; block < suppliers.Length; block++)
        {
            suppliers[block] = partial.SupplierOf(block);
        }

        var blocks = partial.TakeBlocks();
        var digests = _smartBan.HasFailed(piece) ? Array.ConvertAll(blocks, block => block is null ? 0UL : BlockDigest.Of(block.Span)) : null;
        _writing[piece] = (suppliers, digests);
        _core.Storage!.WritePiece(piece, blocks);
    }

    /// <summary>A piece was hashed and, if right, written.</summary>
    public PieceOutcome OnPieceWritten(DiskCompletion.PieceWritten written)
    {
        if (!_writing.Remove(written.Piece, out var attempt))
        {
            return new PieceOutcome(IsVerified: false, []);
        }

        if (written.Error is not null)
        {
            _core.Picker.SetUnverified(written.Piece);
            return new PieceOutcome(IsVerified: false, []);
        }

        return written.HashOk
            ? new PieceOutcome(IsVerified: true, OnVerified(written.Piece, attempt.Digests))
            : new PieceOutcome(IsVerified: false, OnFailed(written, attempt.Suppliers));
    }

    private ImmutableArray<(int PeerId, string Because)> OnVerified(int piece, ulong[]? digests)
    {
        _core.TakeVerified(piece);
        _core.Ledger.OnWritten(piece, _core.Geometry.LengthOf(piece), _core.NowMs);
        foreach (var peer in _core.Peers.Values)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Have, (uint)piece));
            if (peer.Have[piece] && peer.InterestingPieces > 0 && _core.Picker.IsWanted(piece))
            {
                peer.InterestingPieces--;
                peer.UpdateInterest();
            }
        }

        return digests is null
            ? []
            : [.. _smartBan.OnPiecePassed(piece, digests).Select(culprit => (culprit, $"it sent a wrong block of piece {piece}"))];
    }

    private ImmutableArray<(int PeerId, string Because)> OnFailed(DiskCompletion.PieceWritten written, int[] suppliers)
    {
        _core.Wasted += _core.Geometry.LengthOf(written.Piece);
        _core.FailedHashes++;
        var known = suppliers.Where(id => id != 0).Distinct().Count();
        _smartBan.OnPieceFailed(written.Piece, written.BlockDigests.AsSpan(), suppliers);
        AskAgainAfter(written.Piece, _smartBan.RetryAfterMs(written.Piece));
        _core.Context.Host.OnEvent(loop, new TorrentNews(
            EngineEventKind.BadData,
            $"Piece {written.Piece} failed its hash and is fetched again; {PlainWords.Counted(known, "peer")} supplied it.",
            [DiagnosisArgument.Number("piece", written.Piece), DiagnosisArgument.Number("suppliers", known)]));
        return SmartBan.SoleSupplier(suppliers) is > 0 and var culprit
            ? [(culprit, $"it alone sent piece {written.Piece}, which failed its hash")]
            : [];
    }

    private void AskAgainAfter(int piece, long delayMs)
    {
        if (delayMs <= 0)
        {
            _core.Picker.SetUnverified(piece);
        }
        else
        {
            _retries.Add((piece, _core.NowMs + delayMs));
        }
    }

    /// <summary>Pieces that waited long enough after a failed hash may be asked for again.</summary>
    public void RetryFailedPieces(long now)
    {
        foreach (var (piece, _) in _retries.Where(retry => retry.AtMs <= now).ToArray())
        {
            _core.Picker.SetUnverified(piece);
        }

        _retries.RemoveAll(retry => retry.AtMs <= now);
    }

    /// <summary>Takes up unfinished pieces whose blocks a clean stop left in the file.</summary>
    public void RestorePartials(ImmutableArray<(int Piece, byte[] Blocks)> partials)
    {
        foreach (var (piece, blocks) in partials)
        {
            if (_core.Geometry.Contains(piece) && !_core.Have[piece] && blocks.Length == Bitfield.ByteCount(_core.Geometry.BlockCountOf(piece)))
            {
                _core.Picker.Restore(piece, blocks);
                if (_core.Picker.Partial(piece) is { } partial && partial.ReceivedCount == partial.BlockCount)
                {
                    WriteCompletedPiece(piece);
                }
            }
        }
    }

    /// <summary>When most of the pool is lent, hands blocks of unfinished pieces to the file.</summary>
    public void RelieveBlockPool()
    {
        // A pool full of half-finished pieces would stop everything: hand the oldest ones' blocks to the file and get the buffers back.
        if (_core.Context.Blocks.Lent < _core.Context.Blocks.Capacity * 3 / 4)
        {
            return;
        }

        foreach (var partial in _core.Picker.Partials.OrderByDescending(partial => partial.HeldBlocks().Count()).Take(4).ToArray())
        {
            FlushHeldBlocks(partial);
        }
    }

    /// <summary>Writes the blocks that an unfinished piece holds to their places.</summary>
    public void FlushHeldBlocks(PartialPiece partial)
    {
        var blocks = partial.HeldBlocks().Select(held => (held.Index, partial.TakeBlock(held.Index)!)).ToImmutableArray();
        if (blocks.Length > 0)
        {
            _flushingBlocks++;
            _core.Storage!.FlushBlocks(partial.Piece, blocks);
        }
    }

    /// <summary>Blocks of an unfinished piece reached the file, or failed to.</summary>
    public void OnBlocksFlushed() => _flushingBlocks--;

    /// <summary>Forgets unfinished pieces and gives their blocks back.</summary>
    public void DropPartialPieces()
    {
        foreach (var partial in _core.Picker.Partials.ToArray())
        {
            foreach (var block in _core.Picker.Remove(partial.Piece).TakeBlocks())
            {
                block?.Return();
            }
        }
    }
}
