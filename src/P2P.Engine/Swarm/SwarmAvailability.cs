using System.Numerics;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>How many connected peers have each piece, and which pieces wait to be started, by priority and rarity. Loop only.</summary>
/// <remarks>
/// Seeds are counted in one number, because they have every piece: that is what makes them O(1). A peer that became a seed piece by piece is
/// counted in the pieces; when a full bitfield leaves, it does not matter which of the two gives one back, since the sums are the same.
/// </remarks>
internal sealed class SwarmAvailability
{
    private readonly Random _random;

    // Without the seeds.
    private readonly int[] _copies;
    private readonly int[] _place;
    private readonly byte[] _filedUnder;

    // By FilePriority; Skip has none, and most torrents use Normal alone.
    private readonly RarityIndex?[] _indexes = new RarityIndex?[4];

    // _piecesWith[n] = pieces that n non-seeds have.
    private int[] _piecesWith = new int[8];
    private int _seeds;

    /// <summary>No peers, nothing filed.</summary>
    public SwarmAvailability(int pieceCount, Random random)
    {
        _random = random;
        _copies = new int[pieceCount];
        _place = new int[pieceCount];
        _filedUnder = new byte[pieceCount];
        _piecesWith[0] = pieceCount;
    }

    /// <summary>Pieces filed as waiting to be started.</summary>
    public int Filed => (_indexes[1]?.Count ?? 0) + (_indexes[2]?.Count ?? 0) + (_indexes[3]?.Count ?? 0);

    /// <summary>Some piece is at no peer.</summary>
    public bool HasNowhere => _seeds == 0 && _piecesWith[0] > 0;

    /// <summary>Peers that have the piece.</summary>
    public int Of(int piece) => _copies[piece] + _seeds;

    /// <summary>A peer came.</summary>
    public void Add(Bitfield have)
    {
        if (have.IsFull)
        {
            _seeds++;
            return;
        }

        ForEach(have, Raise);
    }

    /// <summary>A peer left.</summary>
    public void Remove(Bitfield have)
    {
        if (have.IsFull && _seeds > 0)
        {
            _seeds--;
            return;
        }

        ForEach(have, Lower);
    }

    /// <summary>One peer more has the piece.</summary>
    public void Raise(int piece)
    {
        var copies = ++_copies[piece];
        if (copies == _piecesWith.Length)
        {
            Array.Resize(ref _piecesWith, copies * 2);
        }

        _piecesWith[copies - 1]--;
        _piecesWith[copies]++;
        _indexes[_filedUnder[piece]]?.Raised(piece);
    }

    /// <summary>Files a piece under a priority, or nowhere (Skip).</summary>
    public void File(int piece, FilePriority priority)
    {
        if (_filedUnder[piece] == (byte)priority)
        {
            return;
        }

        _indexes[_filedUnder[piece]]?.Remove(piece);
        _filedUnder[piece] = (byte)priority;
        if (priority != FilePriority.Skip)
        {
            (_indexes[(int)priority] ??= new RarityIndex(_copies, _place, _random)).Add(piece);
        }
    }

    /// <summary>See <see cref="RarityIndex.FindRarest"/>.</summary>
    public int FindRarest(FilePriority priority, Bitfield have, Bitfield? only) => _indexes[(int)priority]?.FindRarest(have, only) ?? -1;

    /// <summary>See <see cref="RarityIndex.FindRandom"/>.</summary>
    public int FindRandom(FilePriority priority, Bitfield have, Bitfield? only) => _indexes[(int)priority]?.FindRandom(have, only) ?? -1;

    /// <summary>See <see cref="RarityIndex.FindFirst"/>.</summary>
    public int FindFirst(FilePriority priority, Bitfield have, Bitfield? only) => _indexes[(int)priority]?.FindFirst(have, only) ?? -1;

    /// <summary>Availability of the rarest piece, plus the share of pieces that are less rare.</summary>
    public double DistributedCopies()
    {
        var rarest = 0;
        while (_piecesWith[rarest] == 0)
        {
            rarest++;
        }

        return _seeds + rarest + ((double)(_copies.Length - _piecesWith[rarest]) / _copies.Length);
    }

    /// <summary>Availability of each piece, 255 = 255 or more.</summary>
    public void CopyTo(Span<byte> destination)
    {
        for (var piece = 0; piece < Math.Min(destination.Length, _copies.Length); piece++)
        {
            destination[piece] = (byte)Math.Min(Of(piece), byte.MaxValue);
        }
    }

    private void Lower(int piece)
    {
        var copies = --_copies[piece];
        _piecesWith[copies + 1]--;
        _piecesWith[copies]++;
        _indexes[_filedUnder[piece]]?.Lowered(piece);
    }

    private static void ForEach(Bitfield have, Action<int> act)
    {
        for (var word = 0; word * 64 < have.Length; word++)
        {
            for (var bits = RarityIndex.Word(have, word); bits != 0;)
            {
                var lead = BitOperations.LeadingZeroCount(bits);
                bits &= ~(0x8000_0000_0000_0000UL >> lead);
                act((word * 64) + lead);
            }
        }
    }
}
