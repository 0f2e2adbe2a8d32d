using System.Collections.Immutable;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>Serves requests: queues them, reads runs of blocks from disk under the rate budgets, and hands them to the connection.</summary>
/// <remarks>
/// Loop only. A peer may hold at most <see cref="WindowBlocks"/> blocks between disk and socket, so that a slow reader costs 1 MiB at most
/// (R-P07); what it asks beyond waits in its queue as 12-byte references. Peers without the fast extension cannot be told "no", so up to
/// <see cref="HardLimit"/> of their requests are kept (PEERS.md 0.11), others get a reject past <see cref="QueueLimit"/>.
/// </remarks>
internal sealed class Uploader(PieceGeometry geometry, TokenBucket torrentBudget, TokenBucket sessionBudget)
{
    /// <summary>The queue depth we advertise ("reqq").</summary>
    public const int QueueLimit = 500;

    private const int HardLimit = 20_000;

    /// <summary>64 blocks = 1 MiB between disk and socket.</summary>
    private const int WindowBlocks = 64;

    /// <summary>16 blocks in one read: the knee measured in limits.md 2.1 (b).</summary>
    private const int RunBlocks = 16;

    /// <summary>A block of an allowed-fast piece is served at most three times its count while choked (limits: AllowedFast).</summary>
    private const int AllowedFastFactor = 3;

    /// <summary>Payload bytes handed to sockets, this run.</summary>
    public long TotalSent { get; private set; }

    /// <summary>A request arrived. Returns a reason when the peer must be cut off.</summary>
    public DisconnectReason? OnRequest(PeerState peer, in PeerMessage message, Bitfield have, long nowMs)
    {
        if (message.Length is 0 or > 131_072)
        {
            return new DisconnectReason("peer.bad_requests", "It asked for a block of an impossible length.", IsMisbehaviour: true);
        }

        if (!geometry.TryBlock(message.Piece, message.Begin, message.Length, out var block) || !have[block.Piece])
        {
            Reject(peer, message.Piece, message.Begin, message.Length);
            return ++peer.InvalidRequests > 50
                ? new DisconnectReason("peer.bad_requests", "It kept asking for blocks that do not exist here.", IsMisbehaviour: true)
                : null;
        }

        if (peer.AmChoking && !MayAskWhileChoked(peer, block))
        {
            Reject(peer, message.Piece, message.Begin, message.Length);
            var isLate = nowMs - peer.ChokedAtMs > 2_000;
            return isLate && ++peer.ChokedRequests > 50
                ? new DisconnectReason("peer.choked_requests", "It kept asking while choked.", IsMisbehaviour: true)
                : null;
        }

        if (peer.UploadQueue.Count >= (peer.HasFast ? QueueLimit : HardLimit))
        {
            Reject(peer, message.Piece, message.Begin, message.Length);
            return peer.HasFast
                ? null
                : new DisconnectReason("peer.flood", "It asked for far more blocks than it can take.", IsMisbehaviour: true);
        }

        peer.UploadQueue.AddLast(block);
        return null;
    }

    /// <summary>Their cancel: whatever has not left yet is dropped, and rejected where the peer can hear it (BEP 6).</summary>
    public void OnCancel(PeerState peer, in PeerMessage message)
    {
        if (!geometry.TryBlock(message.Piece, message.Begin, message.Length, out var block))
        {
            return;
        }

        if (peer.UploadQueue.Remove(block) || peer.Reading.Remove(block) || peer.Connection.TryCancelPiece(block))
        {
            Reject(peer, message.Piece, message.Begin, message.Length);
        }
    }

    /// <summary>We choke the peer: everything not yet sent is dropped; with the fast extension each is rejected.</summary>
    public void OnChoked(PeerState peer)
    {
        foreach (var block in peer.Connection.DiscardPieces().Concat(peer.Reading).Concat(peer.UploadQueue))
        {
            Reject(peer, (uint)block.Piece, (uint)block.Begin, (uint)block.Length);
        }

        peer.Reading.Clear();
        peer.UploadQueue.Clear();
    }

    /// <summary>Starts as many reads as the peer's window and the budgets allow.</summary>
    public void Pump(PeerState peer, ITorrentStorage storage, long nowMs)
    {
        while (peer.UploadQueue.First is { } first && peer.Reading.Count + peer.Connection.QueuedBlocks < WindowBlocks)
        {
            var run = ImmutableArray.CreateBuilder<BlockRef>(RunBlocks);
            for (var node = first; node is not null && run.Count < RunBlocks; node = peer.UploadQueue.First)
            {
                var block = node.Value;
                if (run.Count > 0 && (block.Piece != run[^1].Piece || block.Begin != run[^1].End))
                {
                    break;
                }

                if (!TryTakeBudget(block.Length, nowMs))
                {
                    break;
                }

                peer.UploadQueue.RemoveFirst();
                if (peer.Reading.Add(block))
                {
                    run.Add(block);
                }
            }

            if (run.Count == 0)
            {
                return;
            }

            storage.ReadBlocks(run.ToImmutable(), peer);
        }
    }

    /// <summary>A read ended: still wanted blocks go to the connection, others back to the pool.</summary>
    public void OnRead(PeerState peer, DiskCompletion.BlocksRead read)
    {
        foreach (var (block, data) in read.Blocks)
        {
            if (!peer.IsClosed && peer.Reading.Remove(block))
            {
                peer.Connection.Send(new PeerMessage(MessageId.Piece, (uint)block.Piece, (uint)block.Begin, (uint)block.Length) { Data = data });
            }
            else
            {
                data.Return();
            }
        }
    }

    /// <summary>Bytes left for the socket.</summary>
    public void OnSent(PeerState peer, int payloadBytes, long nowMs)
    {
        TotalSent += payloadBytes;
        peer.Sent.Add(nowMs, payloadBytes);
    }

    private bool TryTakeBudget(int bytes, long nowMs)
    {
        // The torrent's share is asked first: a refused session budget must not eat it twice, and both may go one block below zero.
        if (torrentBudget.Available(nowMs) <= 0 || !sessionBudget.TryTake(bytes, nowMs))
        {
            return false;
        }

        torrentBudget.TryTake(bytes, nowMs);
        return true;
    }

    private bool MayAskWhileChoked(PeerState peer, BlockRef block)
    {
        if (!peer.AllowedToThem.TryGetValue(block.Piece, out var served)
            || served >= AllowedFastFactor * geometry.BlockCountOf(block.Piece))
        {
            return false;
        }

        peer.AllowedToThem[block.Piece] = served + 1;
        return true;
    }

    private static void Reject(PeerState peer, uint piece, uint begin, uint length)
    {
        if (peer.HasFast)
        {
            peer.Connection.Send(new PeerMessage(MessageId.Reject, piece, begin, length));
        }
    }
}
