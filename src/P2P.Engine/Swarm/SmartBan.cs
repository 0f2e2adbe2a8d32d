namespace P2P.Engine.Swarm;

/// <summary>Finds who sent the bad block of a piece that several peers supplied (R-P06); loop only.</summary>
/// <remarks>
/// The digests of every failed attempt are kept until the piece passes; then each kept block that differs from the good one names its
/// supplier. Nobody is named on suspicion: a peer whose blocks were right is never in the answer, however often it shared a bad piece.
/// Bounded: <see cref="MaxPieces"/> pieces with <see cref="MaxAttempts"/> attempts each; the oldest go first.
/// </remarks>
internal sealed class SmartBan
{
    /// <summary>64 pieces: a swarm with more pieces failing at once names its poisoners from the others.</summary>
    private const int MaxPieces = 64;

    /// <summary>8 attempts of 12 bytes a block: at most 96 KiB for a piece of 16 MiB.</summary>
    private const int MaxAttempts = 8;

    /// <summary>PieceRetry: the first ten failures of a piece cost no waiting.</summary>
    private const int FreeFailures = 10;

    private const long FirstDelayMs = 1_000;
    private const long LongestDelayMs = 600_000;

    private readonly Dictionary<int, List<Attempt>> _attempts = [];
    private readonly List<int> _oldestFirst = [];
    private readonly Dictionary<int, int> _failures = [];

    /// <summary>The one peer that supplied every block, or 0: then nobody alone is to blame (blocks of unknown origin, 0, included).</summary>
    public static int SoleSupplier(ReadOnlySpan<int> suppliers)
    {
        var first = suppliers.IsEmpty ? 0 : suppliers[0];
        return suppliers.ContainsAnyExcept(first) ? 0 : first;
    }

    /// <summary>The hash of a piece was wrong. Both spans have one entry per block: its digest, and the peerId it came from (0 = unknown).</summary>
    public void OnPieceFailed(int piece, ReadOnlySpan<ulong> digests, ReadOnlySpan<int> suppliers)
    {
        _failures[piece] = FailuresOf(piece) + 1;
        if (!_attempts.TryGetValue(piece, out var attempts))
        {
            if (_oldestFirst.Count == MaxPieces)
            {
                _attempts.Remove(_oldestFirst[0]);
                _oldestFirst.RemoveAt(0);
            }

            _attempts[piece] = attempts = [];
            _oldestFirst.Add(piece);
        }

        if (attempts.Count == MaxAttempts)
        {
            attempts.RemoveAt(0);
        }

        attempts.Add(new Attempt(digests.ToArray(), suppliers.ToArray()));
    }

    /// <summary>Has the piece failed since it last passed? Then its digests are wanted when it is complete the next time.</summary>
    public bool HasFailed(int piece) => _failures.ContainsKey(piece);

    /// <summary>The piece is right at last: the peerIds whose blocks differed from the good ones, each once. Forgets the piece.</summary>
    public IReadOnlyList<int> OnPiecePassed(int piece, ReadOnlySpan<ulong> digests)
    {
        _failures.Remove(piece);
        if (!_attempts.Remove(piece, out var attempts))
        {
            return [];
        }

        _oldestFirst.Remove(piece);
        var culprits = new List<int>();
        foreach (var attempt in attempts)
        {
            var blocks = Math.Min(digests.Length, Math.Min(attempt.Digests.Length, attempt.Suppliers.Length));
            for (var block = 0; block < blocks; block++)
            {
                var supplier = attempt.Suppliers[block];
                if (supplier != 0 && attempt.Digests[block] != digests[block] && !culprits.Contains(supplier))
                {
                    culprits.Add(supplier);
                }
            }
        }

        return culprits;
    }

    /// <summary>How often the piece failed since it last passed.</summary>
    public int FailuresOf(int piece) => _failures.GetValueOrDefault(piece);

    /// <summary>How long to leave the piece alone after its latest failure, in ms: 0 for the first nine, then 1 s doubling to 600 s.</summary>
    public long RetryAfterMs(int piece)
    {
        var beyond = FailuresOf(piece) - FreeFailures;
        return beyond < 0 ? 0 : Math.Min(FirstDelayMs << Math.Min(beyond, 20), LongestDelayMs);
    }

    private sealed record Attempt(ulong[] Digests, int[] Suppliers);
}
