using System.Collections.Immutable;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <content>One short method per disk completion, and the order of writing: written, flushed, recorded.</content>
internal sealed partial class TorrentLoop
{
    // Who supplied each block of a piece that is being hashed, and the digests of its blocks when it failed before.
    private readonly Dictionary<int, (int[] Suppliers, ulong[]? Digests)> _writing = [];
    // Pieces that failed their hash so often that they wait (PieceRetry of the limits).
    private readonly List<(int Piece, long AtMs)> _retries = [];

    private ImmutableArray<FileFact> _fingerprints;
    private bool _isInSharedRoot;
    private bool _isFinishing;
    private bool _startAfterStop;
    private TaskCompletionSource? _stopDone;
    private TorrentCommand.Remove? _removal;
    private int _flushingBlocks;
    private long _sequence;
    private long _downloadedThisRun;
    private long _uploadedThisRun;
    private long _left;
    private long _wasted;

    private void OnDiskCompletion(DiskCompletion completion)
    {
        switch (completion)
        {
            case DiskCompletion.PieceWritten written: OnPieceWritten(written); break;
            case DiskCompletion.BlocksRead read: OnBlocksRead(read); break;
            case DiskCompletion.PieceChecked piece: OnPieceChecked(piece); break;
            case DiskCompletion.Flushed flushed: OnFlushed(flushed); break;
            case DiskCompletion.BlocksFlushed flushed: OnBlocksFlushed(flushed); break;
            case DiskCompletion.Probed probed: OnProbed(probed); break;
            case DiskCompletion.CheckEnded ended: OnCheckEnded(ended); break;
            case DiskCompletion.Moved moved: OnMoved(moved); break;
            case DiskCompletion.Deleted deleted: OnDeleted(deleted); break;
            case DiskCompletion.Closed: OnStorageClosed(); break;
            default: throw new InvalidOperationException($"A torrent does not know the completion {completion.GetType().Name}.");
        }
    }

    private void WriteCompletedPiece(int piece)
    {
        var partial = _picker.Remove(piece);
        var suppliers = new int[partial.BlockCount];
        for (var block = 0; block < suppliers.Length; block++)
        {
            suppliers[block] = partial.SupplierOf(block);
        }

        var blocks = partial.TakeBlocks();
        var digests = _smartBan.HasFailed(piece) ? Array.ConvertAll(blocks, block => block is null ? 0UL : BlockDigest.Of(block.Span)) : null;
        _writing[piece] = (suppliers, digests);
        _storage!.WritePiece(piece, blocks);
    }

    private void OnPieceWritten(DiskCompletion.PieceWritten written)
    {
        if (!_writing.Remove(written.Piece, out var attempt))
        {
            return;
        }

        if (written.Error is { } error)
        {
            _picker.SetUnverified(written.Piece);
            Fail(error);
        }
        else if (written.HashOk)
        {
            OnPieceVerified(written.Piece, attempt.Digests);
        }
        else
        {
            OnPieceFailed(written, attempt.Suppliers);
        }

        ContinueStop();
    }

    private void OnPieceVerified(int piece, ulong[]? digests)
    {
        var now = NowMs;
        TakeVerified(piece);
        _ledger.OnWritten(piece, _geometry.LengthOf(piece), now);
        Interlocked.Add(ref _left, _picker.IsWanted(piece) ? -_geometry.LengthOf(piece) : 0);
        if (digests is not null)
        {
            foreach (var culprit in _smartBan.OnPiecePassed(piece, digests))
            {
                Ban(culprit, $"it sent a wrong block of piece {piece}");
            }
        }

        foreach (var peer in _peers.Values)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Have, (uint)piece));
            if (peer.Have[piece] && peer.InterestingPieces > 0 && _picker.IsWanted(piece))
            {
                peer.InterestingPieces--;
                UpdateInterest(peer);
            }
        }

        FlushIfDue(now);
        if (IsComplete && IsTransferring)
        {
            OnAllWantedVerified();
        }
    }

    private void TakeVerified(int piece)
    {
        _have.Set(piece);
        _picker.SetVerified(piece);
    }

    private void OnPieceFailed(DiskCompletion.PieceWritten written, int[] suppliers)
    {
        _wasted += _geometry.LengthOf(written.Piece);
        _partials = _partials.RemoveAll(partial => partial.Piece == written.Piece);
        var known = suppliers.Where(id => id != 0).Distinct().ToArray();
        _smartBan.OnPieceFailed(written.Piece, written.BlockDigests.AsSpan(), suppliers);
        AskAgainAfter(written.Piece, _smartBan.RetryAfterMs(written.Piece));
        _context.Host.OnEvent(this, EngineEventKind.BadData, $"Piece {written.Piece} failed its hash; {known.Length} peers supplied it.");
        if (SmartBan.SoleSupplier(suppliers) is > 0 and var culprit)
        {
            Ban(culprit, $"it alone sent piece {written.Piece}, which failed its hash");
        }
    }

    private void AskAgainAfter(int piece, long delayMs)
    {
        if (delayMs <= 0)
        {
            _picker.SetUnverified(piece);
        }
        else
        {
            _retries.Add((piece, NowMs + delayMs));
        }
    }

    private void RetryFailedPieces(long now)
    {
        foreach (var (piece, _) in _retries.Where(retry => retry.AtMs <= now).ToArray())
        {
            _picker.SetUnverified(piece);
        }

        _retries.RemoveAll(retry => retry.AtMs <= now);
    }

    private void Ban(int peerId, string because)
    {
        if (_peers.Values.FirstOrDefault(peer => peer.Id == peerId) is { } peer)
        {
            var address = peer.Connection.Handshake.Remote.Address;
            _pool.Ban(address, NowMs);
            _context.Host.OnEvent(this, EngineEventKind.BadData, $"{peer.Endpoint} is banned for a day: {because}.");
            ClosePeer(peer, new DisconnectReason("peer.bad_data", $"Banned: {because}.", IsMisbehaviour: false));
        }
    }

    private void OnBlocksRead(DiskCompletion.BlocksRead read)
    {
        var peer = (PeerState)read.Token;
        if (read.Error is { } error)
        {
            // Nothing that cannot be read is served; the reader is told no, and the user what to do.
            _uploader.OnChoked(peer);
            if (IsTransferring)
            {
                Fail(error);
            }

            return;
        }

        _uploader.OnRead(peer, read);
        if (!peer.IsClosed && IsTransferring)
        {
            _uploader.Pump(peer, _storage!, NowMs);
        }
    }

    private void FlushIfDue(long now)
    {
        if (_ledger.IsDue(now, _rules) && _ledger.TryBegin())
        {
            _storage!.Flush(++_sequence);
        }
    }

    private void OnFlushed(DiskCompletion.Flushed flushed)
    {
        if (flushed.Error is { } error)
        {
            // A failed flush is never believed later (R-S05): these pieces are unknown and will be hashed at the next start.
            foreach (var piece in _ledger.OnFailed())
            {
                _have.Clear(piece);
                _picker.SetUnverified(piece);
            }

            UpdateLeft();
            Fail(error with { IsTransient = false });
            return;
        }

        _ledger.OnFlushed();
        _fingerprints = flushed.Files;
        if (_phase == TorrentPhase.Checking)
        {
            Settle();
            return;
        }

        if (_phase == TorrentPhase.Stopping)
        {
            FinishStop();
            return;
        }

        Record(isCleanStop: false);
        if (_isFinishing && !_ledger.HasUnflushed && !_isInSharedRoot)
        {
            _storage!.MoveToShared();
        }
    }

    private void OnAllWantedVerified()
    {
        if (_isFinishing)
        {
            return;
        }

        _isFinishing = true;
        foreach (var peer in _peers.Values.ToArray())
        {
            if (CloseIfRedundant(peer) is { } reason)
            {
                ClosePeer(peer, reason);
            }
        }

        if (_completedAt is null)
        {
            _completedAt = _context.Clock.GetUtcNow();
            if (_downloadedThisRun + _setup.Downloaded > 0)
            {
                _context.Host.OnCompleted(this);
                _context.Host.OnEvent(this, EngineEventKind.Finished, $"{_metainfo.Name} is complete.");
            }
        }

        if (_ledger.HasUnflushed)
        {
            if (_ledger.TryBegin())
            {
                _storage!.Flush(++_sequence);
            }
        }
        else if (!_isInSharedRoot)
        {
            _storage!.MoveToShared();
        }
    }

    private void OnMoved(DiskCompletion.Moved moved)
    {
        if (moved.Error is { } error)
        {
            Fail(error);
            return;
        }

        _isInSharedRoot = true;
        _fingerprints = moved.Files;
        Record(isCleanStop: false);
        PublishIfDirty(force: true);
    }

    private void RelieveBlockPool()
    {
        // A pool full of half-finished pieces would stop everything: hand the oldest ones' blocks to the file and get the buffers back.
        if (_context.Blocks.Lent < _context.Blocks.Capacity * 3 / 4)
        {
            return;
        }

        foreach (var partial in _picker.Partials.OrderByDescending(partial => partial.HeldBlocks().Count()).Take(4).ToArray())
        {
            FlushHeldBlocks(partial);
        }
    }

    private void FlushHeldBlocks(PartialPiece partial)
    {
        var blocks = partial.HeldBlocks().Select(held => (held.Index, partial.TakeBlock(held.Index)!)).ToImmutableArray();
        if (blocks.Length > 0)
        {
            _flushingBlocks++;
            _storage!.FlushBlocks(partial.Piece, blocks);
        }
    }

    private void OnBlocksFlushed(DiskCompletion.BlocksFlushed flushed)
    {
        _flushingBlocks--;
        if (flushed.Error is { } error && _phase != TorrentPhase.Stopping)
        {
            Fail(error);
        }

        if (flushed.Error is not null)
        {
            _partials = [];
        }

        ContinueStop();
    }
}
