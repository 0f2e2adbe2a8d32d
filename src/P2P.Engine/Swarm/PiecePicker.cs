using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Swarm;

/// <summary>Decides which block to ask whom for, and knows every piece's availability and state. Loop only.</summary>
/// <remarks>
/// The order, for one peer:
/// <list type="number">
/// <item>The piece it is already delivering.</item>
/// <item>By priority, High first, Skip never. Within a priority first open pieces (begun, with blocks nobody was asked for): those nobody
/// works on and those of a peer about as fast, so that a slow peer does not hold up a fast one's piece; any open one when there are many.</item>
/// <item>Then a new piece: the rarest the peer has, chance among equals. While nothing is verified the first four are random, to have
/// something to trade soon (BEP 3). Sequential: the lowest one, open or new.</item>
/// <item>Then open pieces of a peer of another speed.</item>
/// <item>End-game: when every missing wanted block is requested, an idle peer is asked for a block another one owes us, the slowest's first. A
/// block is asked for twice at most, three times when no more than eight are left, and no peer has more than two requests out while it is
/// given duplicates, which bounds the waste by the number of peers and not by the length of their queues.</item>
/// </list>
/// A piece that failed its hash is asked of one peer alone the next time, until that peer gives it up: then a bad block has one possible
/// sender (W41). Blocks that arrive late are kept when they are still missing (W38). Never allocates per block; starting a piece does.
/// </remarks>
internal sealed class PiecePicker
{
    private const int RandomFirstPieces = 4;
    private readonly PieceGeometry _geometry;
    private readonly Random _random;
    private readonly SwarmAvailability _swarm;
    private readonly FilePriority[] _priority;
    private readonly Bitfield _verified;
    private readonly Bitfield _busy;
    private readonly Bitfield _needed;

    private readonly OpenPieces _open;
    private readonly Dictionary<int, PartialPiece> _partials = [];
    private readonly Dictionary<int, PeerWork> _work = [];
    private readonly HashSet<int> _failed = [];
    private readonly List<int> _requesters = [];
    private int _outstanding;
    private int _started;
    private long _requests;

    /// <summary>A picker with nothing verified, every piece wanted with normal priority, and no peers.</summary>
    public PiecePicker(PieceGeometry geometry, Random random)
    {
        _geometry = geometry;
        _random = random;
        var count = geometry.PieceCount;
        _swarm = new SwarmAvailability(count, random);
        _open = new OpenPieces(geometry.BlocksPerPiece);
        (_verified, _busy, _needed) = (new Bitfield(count), new Bitfield(count), new Bitfield(count));
        _needed.SetAll();
        _priority = new FilePriority[count];
        Array.Fill(_priority, FilePriority.Normal);
        for (var piece = 0; piece < count; piece++)
        {
            _swarm.File(piece, FilePriority.Normal);
        }
    }

    /// <summary>Pieces in order instead of rarest first.</summary>
    public bool IsSequential { get; set; }

    /// <summary>Pieces somebody waits for: asked for before all others, in this order.</summary>
    public ImmutableArray<int> Urgent { get; set; } = [];

    /// <summary>Wanted pieces that are not verified.</summary>
    public int MissingWanted => _needed.Count;

    /// <summary>Pieces in progress, complete ones included until they are removed. Not to be kept across calls.</summary>
    public IReadOnlyCollection<PartialPiece> Partials => _partials.Values;

    /// <summary>Every block of every wanted piece is here or requested.</summary>
    public bool InEndgame => _outstanding > 0 && _swarm.Filed == 0 && _open.Count == 0;

    /// <summary>A peer told which pieces it has. O(1) for a seed.</summary>
    public void AddPeer(Bitfield have) => _swarm.Add(have);

    /// <summary>A peer left; <paramref name="have"/> is what it had told by then.</summary>
    public void RemovePeer(Bitfield have) => _swarm.Remove(have);

    /// <summary>A peer has one more piece, which was not set in its bitfield before.</summary>
    public void OnPeerHave(int piece) => _swarm.Raise(piece);

    /// <summary>Connected peers that have the piece, seeds counted.</summary>
    public int Availability(int piece) => _swarm.Of(piece);

    /// <summary>Integer part: availability of the rarest piece of all; fraction: share of the pieces that are less rare.</summary>
    public double DistributedCopies() => _swarm.DistributedCopies();

    /// <summary>Wanted pieces that are missing here and at every connected peer. O(1) with a seed or when every piece is somewhere.</summary>
    public int CountNowhere()
    {
        var nowhere = 0;
        for (var piece = 0; _swarm.HasNowhere && piece < _needed.Length; piece++)
        {
            nowhere += _needed[piece] && !_busy[piece] && _swarm.Of(piece) == 0 ? 1 : 0;
        }

        return nowhere;
    }

    /// <summary>Availability of each piece, 255 = 255 or more; fills as much of <paramref name="destination"/> as there are pieces.</summary>
    public void CopyAvailability(Span<byte> destination) => _swarm.CopyTo(destination);

    /// <summary>The piece is right on disk or being written. What is left of it in progress is dropped and its blocks returned.</summary>
    public void SetVerified(int piece)
    {
        DropPartial(piece);
        _verified.Set(piece);
        _busy.Clear(piece);
        _failed.Remove(piece);
        Refile(piece);
    }

    /// <summary>The piece is not right: its hash failed (when it was busy) or a re-check did not find it. It may be asked for again.</summary>
    /// <remarks>
    /// To keep a failing piece from being asked for at once (<see cref="SmartBan.RetryAfterMs"/>) call this only when its time has come: until
    /// then it is busy. A piece in progress that is not complete stays as it is.
    /// </remarks>
    public void SetUnverified(int piece)
    {
        if (_busy.Clear(piece))
        {
            DropPartial(piece);
            _failed.Add(piece);
        }

        _verified.Clear(piece);
        Refile(piece);
    }

    /// <summary>Is the piece verified?</summary>
    public bool IsVerified(int piece) => _verified[piece];

    /// <summary>Is the piece complete and its verdict still to come?</summary>
    public bool IsBusy(int piece) => _busy[piece];

    /// <summary>How much the piece is wanted; a piece of several files has the highest of theirs.</summary>
    public void SetPriority(int piece, FilePriority priority)
    {
        if (_priority[piece] != priority)
        {
            _priority[piece] = priority;
            Refile(piece);
        }
    }

    /// <summary>Is the piece wanted, verified or not?</summary>
    public bool IsWanted(int piece) => _priority[piece] != FilePriority.Skip;

    /// <summary>Has the peer a wanted piece we miss?</summary>
    public bool IsInterestedIn(Bitfield peerHave)
    {
        if (peerHave.IsFull || _needed.IsEmpty)
        {
            return !_needed.IsEmpty;
        }

        for (var word = 0; word * 64 < _needed.Length; word++)
        {
            if ((RarityIndex.Word(_needed, word) & RarityIndex.Word(peerHave, word)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Chooses up to <paramref name="count"/> blocks to ask a peer for and marks them as requested from it.</summary>
    /// <param name="peerId">The peer, above 0.</param>
    /// <param name="peerHave">What it has.</param>
    /// <param name="onlyThese">Null, or the pieces it allows while it chokes us (BEP 6).</param>
    /// <param name="peerRate">Bytes per second it gives us; 0 when unknown.</param>
    /// <param name="count">Most blocks to add.</param>
    /// <param name="result">The blocks are added here, in the order to ask for them.</param>
    /// <returns>How many were added.</returns>
    public int Pick(int peerId, Bitfield peerHave, Bitfield? onlyThese, long peerRate, int count, List<BlockRef> result)
    {
        if (count <= 0 || _needed.IsEmpty)
        {
            return 0;
        }

        var asker = new Asker(peerId, peerHave, onlyThese, peerRate, WorkOf(peerId));
        asker.Work.Rate = peerRate;
        var added = 0;
        while (added < count && Choose(asker) is { } partial)
        {
            var taken = partial.RequestFree(peerId, count - added, result, ref _requests);
            partial.OnlyPeer = partial.IsSuspect ? peerId : 0;
            (partial.Rate, asker.Work.Current) = (peerRate, partial);
            asker.Work.Outstanding += taken;
            _outstanding += taken;
            added += taken;
            UpdateOpen(partial);
        }

        return added < count && InEndgame ? added + PickDuplicates(asker, count - added, result) : added;
    }

    /// <summary>Tells what a peer gives now, bytes per second: the end-game wants to know while nothing is asked of the peer.</summary>
    public void SetRate(int peerId, long rate)
    {
        if (_work.TryGetValue(peerId, out var work))
        {
            work.Rate = rate;
        }
    }

    /// <summary>A request is off (rejected, choked, cancelled, timed out): the block may be asked for again, of the same peer too.</summary>
    public void Release(BlockRef block, int peerId)
    {
        if (_partials.TryGetValue(block.Piece, out var partial) && _geometry.IsCanonical(block))
        {
            Release(partial, block.Index, peerId);
        }
    }

    /// <summary>All requests to the peer are off, because it choked us or left; also forgets what it was working on.</summary>
    public void ReleaseAll(int peerId)
    {
        if (!_work.TryGetValue(peerId, out var work))
        {
            return;
        }

        // .NET lets entries be removed while a dictionary is enumerated.
        foreach (var partial in _partials.Values)
        {
            for (var block = 0; block < partial.BlockCount && partial.RequestedCount > 0 && work.Outstanding > 0; block++)
            {
                Release(partial, block, peerId);
            }
        }

        _work.Remove(peerId);
    }

    /// <summary>A block came in, asked for or not.</summary>
    /// <param name="block">Which; its length is that of <paramref name="data"/>.</param>
    /// <param name="peerId">Who sent it.</param>
    /// <param name="data">Its bytes: owned by the picker after Accepted and CompletesPiece, otherwise still the caller's.</param>
    /// <param name="alsoRequestedBy">Emptied, then filled with the other peers that were asked for it: to be sent a cancel.</param>
    public BlockArrival OnBlock(BlockRef block, int peerId, BlockPool.Block data, List<int> alsoRequestedBy)
    {
        alsoRequestedBy.Clear();
        if (!_geometry.IsCanonical(block))
        {
            return BlockArrival.NotWanted;
        }

        if (!_partials.TryGetValue(block.Piece, out var partial))
        {
            if (_verified[block.Piece] || _busy[block.Piece])
            {
                return BlockArrival.Duplicate;
            }

            if (!IsWanted(block.Piece))
            {
                return BlockArrival.NotWanted;
            }

            partial = Begin(block.Piece);
        }

        if (!partial.Receive(block.Index, peerId, data, alsoRequestedBy))
        {
            return BlockArrival.Duplicate;
        }

        NoLongerOut(alsoRequestedBy);
        alsoRequestedBy.Remove(peerId);
        if (partial.IsComplete)
        {
            _busy.Set(block.Piece);
        }

        UpdateOpen(partial);
        return partial.IsComplete ? BlockArrival.CompletesPiece : BlockArrival.Accepted;
    }

    /// <summary>The piece in progress, or null.</summary>
    public PartialPiece? Partial(int piece) => _partials.GetValueOrDefault(piece);

    /// <summary>After a clean stop: the blocks set in <paramref name="blockBitmap"/> (wire bit order) are in the partial file.</summary>
    /// <remarks>
    /// Nothing happens for a piece that is verified, busy or in progress; missing bytes read as clear, surplus ones are ignored. When no block is
    /// missing the piece is complete and busy at once: the caller has it hashed.
    /// </remarks>
    public void Restore(int piece, ReadOnlySpan<byte> blockBitmap)
    {
        if (_verified[piece] || _busy[piece] || _partials.ContainsKey(piece) || !blockBitmap.ContainsAnyExcept((byte)0))
        {
            return;
        }

        var partial = new PartialPiece(_geometry, piece);
        for (var block = 0; block < partial.BlockCount && block >> 3 < blockBitmap.Length; block++)
        {
            if ((blockBitmap[block >> 3] & (0x80 >> (block & 7))) != 0)
            {
                partial.Restore(block);
            }
        }

        if (partial.ReceivedCount == 0)
        {
            return;
        }

        _partials.Add(piece, partial);
        if (partial.IsComplete)
        {
            _busy.Set(piece);
        }

        Refile(piece);
    }

    /// <summary>Takes a piece in progress out, with its blocks; requests for it are forgotten. Throws when there is none.</summary>
    /// <remarks>Complete, it stays busy until it is verified or not; otherwise it may be begun anew.</remarks>
    public PartialPiece Remove(int piece)
    {
        if (!_partials.Remove(piece, out var partial))
        {
            throw new InvalidOperationException($"Piece {piece} is not in progress.");
        }

        _requesters.Clear();
        for (var block = 0; block < partial.BlockCount && partial.RequestedCount > 0; block++)
        {
            partial.CollectRequesters(block, _requesters);
            _outstanding -= partial.RequestersOf(block) > 0 ? 1 : 0;
        }

        foreach (var requester in _requesters)
        {
            WorkOf(requester).Outstanding--;
        }

        _open.Remove(partial);
        Refile(piece);
        return partial;
    }

    private PeerWork WorkOf(int peerId)
    {
        if (!_work.TryGetValue(peerId, out var work))
        {
            _work.Add(peerId, work = new PeerWork());
        }

        return work;
    }

    private PartialPiece? Choose(in Asker asker)
    {
        if (!Urgent.IsEmpty && ChooseUrgent(asker) is { } urgent)
        {
            return urgent;
        }

        // What left the open list is no longer this peer's to continue, however it came back.
        if (asker.Work.Current is { OpenAt.List: > 0 } current && asker.MayContinue(current))
        {
            return current;
        }

        for (var priority = FilePriority.High; priority > FilePriority.Skip; priority--)
        {
            var isCrowded = _open.IsCrowded(priority, _work.Count);
            var partial = IsSequential ? ChooseInOrder(asker, priority)
                : _open.Best(asker, priority, anySpeed: isCrowded) ?? BeginNew(asker, priority) ?? _open.Best(asker, priority, anySpeed: true);
            if (partial is not null)
            {
                return partial;
            }
        }

        return null;
    }

    private PartialPiece? ChooseUrgent(in Asker asker)
    {
        foreach (var piece in Urgent)
        {
            if (_needed[piece] && !_busy[piece] && asker.Have[piece] && asker.Only?[piece] is not false
                && (Partial(piece) ?? Begin(piece)) is { FreeCount: > 0 } partial && asker.MayContinue(partial))
            {
                return partial;
            }
        }

        return null;
    }

    private PartialPiece? ChooseInOrder(in Asker asker, FilePriority priority)
    {
        var lowest = _open.Lowest(asker, priority);
        var piece = _swarm.FindFirst(priority, asker.Have, asker.Only);
        return piece >= 0 && (lowest is null || piece < lowest.Piece) ? Begin(piece) : lowest;
    }

    private PartialPiece? BeginNew(in Asker asker, FilePriority priority)
    {
        var isRandom = _verified.IsEmpty && _started < RandomFirstPieces;
        var piece = isRandom ? _swarm.FindRandom(priority, asker.Have, asker.Only) : _swarm.FindRarest(priority, asker.Have, asker.Only);
        return piece < 0 ? null : Begin(piece);
    }

    private PartialPiece Begin(int piece)
    {
        var partial = new PartialPiece(_geometry, piece) { IsSuspect = _failed.Contains(piece) };
        _partials.Add(piece, partial);
        _started++;
        Refile(piece);
        return partial;
    }

    private int PickDuplicates(in Asker asker, int count, List<BlockRef> result)
    {
        var room = Math.Min(count, Endgame.RequestsPerPeer - asker.Work.Outstanding);
        var added = 0;
        for (; added < room && Endgame.LastToCome(asker, _partials, _needed, _work, _outstanding) is { } target; added++)
        {
            result.Add(target.Partial.RequestDuplicate(target.Block, asker.PeerId));
            asker.Work.Outstanding++;
        }

        return added;
    }

    private void Release(PartialPiece partial, int block, int peerId)
    {
        var wasOut = partial.RequestedCount;
        if (!partial.Release(block, peerId))
        {
            return;
        }

        WorkOf(peerId).Outstanding--;
        _outstanding -= wasOut - partial.RequestedCount;
        if (partial.OnlyPeer == peerId)
        {
            partial.OnlyPeer = 0;
        }

        if (partial.ReceivedCount + partial.RequestedCount == 0)
        {
            // Nothing of it is here and nobody is asked: it is a new piece again, to be chosen by rarity.
            _partials.Remove(partial.Piece);
            _open.Remove(partial);
            Refile(partial.Piece);
        }
        else
        {
            UpdateOpen(partial);
        }
    }

    private void NoLongerOut(List<int> requesters)
    {
        _outstanding -= requesters.Count > 0 ? 1 : 0;
        foreach (var requester in requesters)
        {
            WorkOf(requester).Outstanding--;
        }
    }

    private void DropPartial(int piece)
    {
        if (_partials.ContainsKey(piece))
        {
            foreach (var block in Remove(piece).TakeBlocks())
            {
                block?.Return();
            }
        }
    }

    // The one place that decides where a piece belongs: needed or not, waiting to be begun or not, open or not.
    private void Refile(int piece)
    {
        _needed[piece] = IsWanted(piece) && !_verified[piece];
        var isPartial = _partials.TryGetValue(piece, out var partial);
        var isNew = _needed[piece] && !_busy[piece] && !isPartial;
        _swarm.File(piece, isNew ? _priority[piece] : FilePriority.Skip);
        if (partial is not null)
        {
            UpdateOpen(partial);
        }
    }

    private void UpdateOpen(PartialPiece partial) => _open.Update(partial, _priority[partial.Piece]);
}
