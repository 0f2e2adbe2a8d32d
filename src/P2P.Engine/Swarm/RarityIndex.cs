using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Pieces that wait to be started, in buckets by availability, rarest first. Loop only.</summary>
/// <remarks>
/// One array holds the buckets one after the other, so it takes the same memory whatever the swarm does. One peer more or less on a piece
/// moves it to the neighbouring bucket by one swap: O(1). Taking a piece in or out shifts one piece per bucket above it. Idea: libtorrent's
/// piece picker.
/// </remarks>
internal sealed class RarityIndex
{
    /// <summary>256 lookups, well under 1 us: past that the peer lacks what is rare, and its own bits are searched instead.</summary>
    private const int WalkLimit = 256;

    // Availability and place in _order of every piece; both are shared with the other priorities' indexes (a piece is in one at most).
    private readonly int[] _availability;
    private readonly int[] _place;
    private readonly int[] _order;
    private readonly Bitfield _members;
    private readonly Random _random;

    // _end[a] is the first place after the bucket of availability a; bucket a begins where bucket a-1 ends.
    private int[] _end = new int[8];

    /// <summary>An empty index over arrays of one cell per piece; <paramref name="availability"/> is read, <paramref name="place"/> written.</summary>
    public RarityIndex(int[] availability, int[] place, Random random)
    {
        _availability = availability;
        _place = place;
        _random = random;
        _order = new int[availability.Length];
        _members = new Bitfield(availability.Length);
    }

    /// <summary>Pieces in it.</summary>
    public int Count => _members.Count;

    /// <summary>Is the piece in it?</summary>
    public bool Contains(int piece) => _members[piece];

    /// <summary>Takes a piece in, with its availability of now.</summary>
    public void Add(int piece)
    {
        var bucket = _availability[piece];
        EnsureBucket(bucket);
        for (var b = _end.Length - 1; b > bucket; b--)
        {
            // Its first piece goes to its end, which makes a gap at its start.
            if (_end[b] > _end[b - 1])
            {
                Put(_order[_end[b - 1]], _end[b]);
            }

            _end[b]++;
        }

        var place = _end[bucket]++;
        Put(piece, place);
        _members.Set(piece);

        // A random place in its bucket, so that no two clients come to prefer the same pieces among equals.
        var start = bucket == 0 ? 0 : _end[bucket - 1];
        Swap(piece, _random.Next(start, place + 1));
    }

    /// <summary>Takes a piece out; its availability is still the one it was filed under.</summary>
    public void Remove(int piece)
    {
        var bucket = _availability[piece];
        var gap = --_end[bucket];
        Put(_order[gap], _place[piece]);
        for (var b = bucket + 1; b < _end.Length; b++)
        {
            _end[b]--;
            if (_end[b] > gap)
            {
                Put(_order[_end[b]], gap);
                gap = _end[b];
            }
        }

        _members.Clear(piece);
    }

    /// <summary>The piece's availability has just risen by one.</summary>
    public void Raised(int piece)
    {
        var bucket = _availability[piece] - 1;
        EnsureBucket(bucket + 1);
        Swap(piece, --_end[bucket]);
    }

    /// <summary>The piece's availability has just fallen by one.</summary>
    public void Lowered(int piece)
    {
        var bucket = _availability[piece] + 1;
        Swap(piece, _end[bucket - 1]++);
    }

    /// <summary>A piece with the lowest availability among those set in <paramref name="have"/> (and in <paramref name="only"/>); -1 if none.</summary>
    public int FindRarest(Bitfield have, Bitfield? only)
    {
        if (Count == 0)
        {
            return -1;
        }

        if (only is not null)
        {
            return Search(have, only, byRarity: true);
        }

        var (start, walked) = (0, 0);
        foreach (var end in _end)
        {
            var size = end - start;
            var offset = size > 1 ? _random.Next(size) : 0;
            for (var i = 0; i < size; i++)
            {
                var piece = _order[start + offset];
                if (have[piece])
                {
                    return piece;
                }

                offset = offset + 1 == size ? 0 : offset + 1;
                if (++walked == WalkLimit)
                {
                    return Search(have, only, byRarity: true);
                }
            }

            start = end;
        }

        return -1;
    }

    /// <summary>Any piece set in <paramref name="have"/> (and in <paramref name="only"/>), each equally likely; -1 if none.</summary>
    public int FindRandom(Bitfield have, Bitfield? only)
    {
        if (Count == 0)
        {
            return -1;
        }

        return have.IsFull && only is null ? _order[_random.Next(Count)] : Search(have, only, byRarity: false);
    }

    /// <summary>The first piece set in <paramref name="have"/> (and in <paramref name="only"/>); -1 if none.</summary>
    public int FindFirst(Bitfield have, Bitfield? only)
    {
        for (var word = 0; word * 64 < _members.Length; word++)
        {
            var bits = Candidates(word, have, only);
            if (bits != 0)
            {
                return (word * 64) + BitOperations.LeadingZeroCount(bits);
            }
        }

        return -1;
    }

    /// <summary>64 bits of a bitfield as an integer, first bit = most significant; bits past the end are clear.</summary>
    public static ulong Word(Bitfield bits, int word)
    {
        var bytes = bits.Bytes[(word * 8)..];
        if (bytes.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(bytes);
        }

        var value = 0UL;
        for (var i = 0; i < bytes.Length; i++)
        {
            value |= (ulong)bytes[i] << (56 - (8 * i));
        }

        return value;
    }

    private int Search(Bitfield have, Bitfield? only, bool byRarity)
    {
        var (found, best, equals) = (-1, int.MaxValue, 0);
        for (var word = 0; word * 64 < _members.Length; word++)
        {
            for (var bits = Candidates(word, have, only); bits != 0;)
            {
                var lead = BitOperations.LeadingZeroCount(bits);
                bits &= ~(0x8000_0000_0000_0000UL >> lead);
                var piece = (word * 64) + lead;
                var rank = byRarity ? _availability[piece] : 0;
                if (rank < best)
                {
                    (found, best, equals) = (piece, rank, 1);
                }
                else if (rank == best && _random.Next(++equals) == 0)
                {
                    found = piece;
                }
            }
        }

        return found;
    }

    private ulong Candidates(int word, Bitfield have, Bitfield? only)
    {
        var bits = Word(_members, word);
        if (bits != 0)
        {
            bits &= Word(have, word);
            bits &= only is null || bits == 0 ? bits : Word(only, word);
        }

        return bits;
    }

    private void EnsureBucket(int bucket)
    {
        if (bucket >= _end.Length)
        {
            var length = _end.Length;
            Array.Resize(ref _end, Math.Max(bucket + 1, length * 2));
            Array.Fill(_end, Count, length, _end.Length - length);
        }
    }

    private void Swap(int piece, int place)
    {
        Debug.Assert(_members[piece], "Only pieces of the index are moved in it.");
        var other = _order[place];
        Put(other, _place[piece]);
        Put(piece, place);
    }

    private void Put(int piece, int place)
    {
        _order[place] = piece;
        _place[piece] = place;
    }
}
