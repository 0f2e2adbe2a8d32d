using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Components.TorrentDetail;

/// <summary>What can be said of one piece; the numbers are those of pieces.js.</summary>
internal enum PieceState : byte
{
    /// <summary>Not here.</summary>
    Missing,

    /// <summary>Some blocks are here.</summary>
    Partial,

    /// <summary>Blocks of it are asked for.</summary>
    Requested,

    /// <summary>Here and right.</summary>
    Have,

    /// <summary>Of no file that is wanted.</summary>
    Skipped,

    /// <summary>Its hash was wrong; it is fetched again.</summary>
    Failed,
}

/// <summary>The state of every piece as of one beat, told from a <see cref="PieceMapSnapshot"/> without a copy of it. Immutable.</summary>
/// <param name="version">Of the details it is part of.</param>
/// <param name="pieces">The engine's map.</param>
/// <param name="failed">Pieces whose hash was wrong once; those that are here since count as here.</param>
internal sealed class PieceStates(long version, PieceMapSnapshot pieces, ImmutableHashSet<int> failed)
{
    private const int LeastDelta = 1024;
    private readonly Dictionary<int, ActivePieceSnapshot> _active = pieces.Active.ToDictionary(active => active.Piece);

    /// <summary>Rises with every beat.</summary>
    public long Version => version;

    /// <summary>The engine's map.</summary>
    public PieceMapSnapshot Pieces => pieces;

    /// <summary>Pieces whose hash was wrong once.</summary>
    public ImmutableHashSet<int> Failed => failed;

    /// <summary>State of a piece, 0..<see cref="PieceMapSnapshot.Count"/> - 1.</summary>
    public PieceState this[int piece]
    {
        get
        {
            if (IsSet(pieces.Have, piece))
            {
                return PieceState.Have;
            }

            if (failed.Count > 0 && failed.Contains(piece))
            {
                return PieceState.Failed;
            }

            return _active.TryGetValue(piece, out var active) && (active.BlocksRequested > 0 || active.BlocksReceived > 0)
                ? active.BlocksRequested > 0 ? PieceState.Requested : PieceState.Partial
                : IsSet(pieces.Wanted, piece) ? PieceState.Missing : PieceState.Skipped;
        }
    }

    /// <summary>Bit <paramref name="index"/> of wire bytes (most significant first); beyond the end is clear.</summary>
    public static bool IsSet(ImmutableArray<byte> bits, int index) =>
        index >> 3 < bits.Length && (bits[index >> 3] & (0x80 >> (index & 7))) != 0;

    /// <summary>Half a byte a piece, the upper half first: 50 KB for 100,000 pieces.</summary>
    public static byte[] Pack(int count, Func<int, int> valueOf)
    {
        var packed = new byte[(count + 1) / 2];
        for (var piece = 0; piece < count; piece++)
        {
            packed[piece >> 1] |= (byte)(valueOf(piece) << ((piece & 1) == 0 ? 4 : 0));
        }

        return packed;
    }

    /// <summary>Copies among peers in six steps: none, 1, 2 to 3, 4 to 7, 8 to 15, more.</summary>
    public static int LevelOf(int copies) => copies == 0 ? 0 : Math.Min(5, int.Log2(copies) + 1);

    /// <summary>Pieces of a torrent that failed their hash, as the last events tell.</summary>
    public static ImmutableHashSet<int> FailedOf(ImmutableArray<EngineEvent> events, InfoHash torrent) =>
        [.. events.Where(happened => happened.Kind == EngineEventKind.BadData && happened.Torrent == torrent)
            .SelectMany(happened => happened.Arguments).Where(argument => argument.Name == "piece").Select(argument => (int)argument.Value)];

    /// <summary>A byte a piece.</summary>
    public byte[] All()
    {
        var states = new byte[pieces.Count];
        for (var piece = 0; piece < states.Length; piece++)
        {
            states[piece] = (byte)this[piece];
        }

        return states;
    }

    /// <summary>What differs from <paramref name="before"/> as 4 bytes each (index as 24 bits big-endian, state); null when fetching all again is less.</summary>
    public byte[]? ChangesSince(PieceStates before)
    {
        if (before.Pieces.Count != pieces.Count)
        {
            return null;
        }

        // A quarter of the whole, which is half a byte a piece.
        var most = Math.Max(LeastDelta, pieces.Count / 8);
        var changes = new List<byte>();
        for (var place = 0; place < pieces.Have.Length; place++)
        {
            if (pieces.Have[place] != before.Pieces.Have[place] || pieces.Wanted[place] != before.Pieces.Wanted[place])
            {
                for (var piece = place * 8; piece < Math.Min(pieces.Count, (place * 8) + 8); piece++)
                {
                    Look(piece);
                }

                if (changes.Count > most)
                {
                    return null;
                }
            }
        }

        foreach (var piece in Busy(before).Where(piece => IsByteSame(piece)).Distinct())
        {
            Look(piece);
        }

        return changes.Count > most ? null : [.. changes];

        bool IsByteSame(int piece) => pieces.Have[piece >> 3] == before.Pieces.Have[piece >> 3] && pieces.Wanted[piece >> 3] == before.Pieces.Wanted[piece >> 3];

        void Look(int piece)
        {
            if (this[piece] is var state && state != before[piece])
            {
                changes.Add((byte)(piece >> 16));
                changes.Add((byte)(piece >> 8));
                changes.Add((byte)piece);
                changes.Add((byte)state);
            }
        }
    }

    /// <summary>The next piece after <paramref name="from"/>, round about, that is so; -1 when none is.</summary>
    public int Next(int from, Func<int, bool> isSo)
    {
        for (var step = 1; step <= pieces.Count; step++)
        {
            var piece = (Math.Max(-1, from) + step) % pieces.Count;
            if (isSo(piece))
            {
                return piece;
            }
        }

        return -1;
    }

    /// <summary>The active piece of that number; null when it is not in progress.</summary>
    public ActivePieceSnapshot? ActiveOf(int piece) => _active.GetValueOrDefault(piece);

    /// <summary>Is it wanted and not here?</summary>
    public bool IsLacking(int piece) => !IsSet(pieces.Have, piece) && IsSet(pieces.Wanted, piece);

    /// <summary>Copies among connected peers, 255 for more.</summary>
    public int CopiesOf(int piece) => piece < pieces.Availability.Length ? pieces.Availability[piece] : 0;

    /// <summary>Runs of pieces of one state, with the fewest and most copies of each; at most <paramref name="most"/>.</summary>
    public IReadOnlyList<PieceRange> Ranges(int most)
    {
        List<PieceRange> ranges = [];
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var (state, copies) = (this[piece], CopiesOf(piece));
            if (ranges is [.., var last] && last.State == state)
            {
                ranges[^1] = last with { Last = piece, Least = Math.Min(last.Least, copies), Most = Math.Max(last.Most, copies) };
            }
            else if (ranges.Count == most)
            {
                break;
            }
            else
            {
                ranges.Add(new PieceRange(piece, piece, state, copies, copies));
            }
        }

        return ranges;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{pieces.Count} pieces, version {version}");

    private IEnumerable<int> Busy(PieceStates before) =>
        _active.Keys.Concat(before._active.Keys).Concat(failed).Concat(before.Failed).Where(piece => (uint)piece < (uint)pieces.Count);
}

/// <summary>Neighbouring pieces of one state.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last, itself included.</param>
/// <param name="State">Of all of them.</param>
/// <param name="Least">Fewest copies among peers.</param>
/// <param name="Most">Most copies.</param>
internal readonly record struct PieceRange(int First, int Last, PieceState State, int Least, int Most);
