using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What became of a part of an info dictionary.</summary>
internal enum MetadataArrival
{
    /// <summary>Taken; more is missing.</summary>
    Taken,

    /// <summary>Nobody asked this peer for it, or no longer (row G25).</summary>
    Unasked,

    /// <summary>This peer was asked for it, but its time was over before it came.</summary>
    Late,

    /// <summary>Its length cannot be right (row G24).</summary>
    BadLength,

    /// <summary>It was the last part, and the whole has another hash: thrown away (row G22).</summary>
    WrongHash,

    /// <summary>The whole is here and right.</summary>
    Complete,
}

/// <summary>Puts an info dictionary together from several peers of whom any may lie (BEP 9). Pure, told the time in ms; one owner.</summary>
/// <remarks>
/// Peers that tell the same size share one attempt: every part is asked of whoever has least to do. When its hash is wrong the liar cannot be
/// told from the others, so from then on each peer of that size gets an attempt of its own, up to <see cref="SoloPeers"/> at a time: the
/// first honest one completes it, and a liar convicts itself and rests for five minutes. At most <see cref="Sizes"/> sizes are tried side by
/// side (R-M03), those most peers tell first. While another size or peer waits, an attempt has a turn of ten seconds and is then thrown away,
/// so that liars that answer slowly, but never too slowly, keep nobody waiting; each further turn is twice as long, for whoever is honest and
/// slow. Memory grows with the parts received, never with the size told (R-M02).
/// </remarks>
internal sealed class MetadataAssembly(InfoHash infoHash)
{
    /// <summary>Longest info dictionary asked for, bytes (reliability.md 2.3, "MetadataBytes").</summary>
    public const int MaxSize = 33_554_432;

    /// <summary>Sizes tried side by side ("MetadataCandidates").</summary>
    public const int Sizes = 3;

    /// <summary>Attempts of single peers side by side: eight wrong copies of a usual dictionary are a few megabytes.</summary>
    public const int SoloPeers = 8;

    /// <summary>Parts asked of one peer at a time: enough to hide a round trip, too few to matter to its owner.</summary>
    public const int PartsPerPeer = 3;

    /// <summary>A part that does not come within this time is asked of somebody else (row G29).</summary>
    public const long PatienceMs = 30_000;

    /// <summary>The same while others have nothing to do: ten that never answer must not hold up an honest one for a minute.</summary>
    public const long ShortPatienceMs = 8_000;

    /// <summary>First turn of an attempt while others wait: eleven sizes, three at a time, have had theirs within forty seconds (R-M03).</summary>
    public const long TurnMs = 10_000;

    /// <summary>A peer that alone gave a wrong dictionary is not asked again for so long.</summary>
    public const long LiarRestMs = 300_000;

    /// <summary>A peer that was silent, or refused, is not asked again for so long.</summary>
    public const long SilentRestMs = 30_000;

    /// <summary>Longest turn, as doublings of the first: an hour and a half.</summary>
    private const int MaxDoublings = 9;

    private readonly Dictionary<int, Source> _sources = [];
    private readonly List<Attempt> _attempts = [];
    private readonly HashSet<int> _distrusted = [];

    /// <summary>Bytes of the attempt that is farthest.</summary>
    public int Received => _attempts.Count == 0 ? 0 : _attempts.Max(attempt => attempt.ReceivedBytes);

    /// <summary>Size of the attempt that is farthest, or the one most peers tell; null while nobody told.</summary>
    public int? Size => _attempts.MaxBy(attempt => attempt.ReceivedBytes)?.Size
        ?? _sources.Values.GroupBy(source => source.Size).MaxBy(group => group.Count())?.Key;

    /// <summary>Peers that offer it.</summary>
    public int Offers => _sources.Count;

    /// <summary>Whole dictionaries thrown away.</summary>
    public int Refused { get; private set; }

    /// <summary>A peer tells that it has a dictionary of that size.</summary>
    public void Add(int peer, int size)
    {
        if (size is > 0 and <= MaxSize)
        {
            _sources.TryAdd(peer, new Source(peer, size));
        }
    }

    /// <summary>A peer left.</summary>
    public void Remove(int peer)
    {
        if (_sources.Remove(peer))
        {
            Release(peer);
        }
    }

    /// <summary>What to ask now, and of whom; each is taken as asked.</summary>
    public IReadOnlyList<(int Peer, int Part)> Next(long nowMs)
    {
        Forget(nowMs);
        EndTurn(nowMs);
        Begin(nowMs);
        var asked = new List<(int, int)>();
        foreach (var attempt in _attempts)
        {
            var givers = Givers(attempt, nowMs).ToArray();
            if (givers.Length == 0)
            {
                continue;
            }

            foreach (var part in attempt.Missing())
            {
                var giver = givers.MinBy(source => source.Asked)!;
                if (giver.Asked >= PartsPerPeer)
                {
                    break;
                }

                giver.Asked++;
                attempt.Asked[part] = (giver.Peer, nowMs);
                asked.Add((giver.Peer, part));
            }
        }

        return asked;
    }

    /// <summary>A part came.</summary>
    /// <param name="peer">From whom.</param>
    /// <param name="part">Which.</param>
    /// <param name="data">Its bytes; copied.</param>
    /// <param name="nowMs">When.</param>
    /// <param name="whole">The dictionary's exact bytes when the result is <see cref="MetadataArrival.Complete"/>.</param>
    public MetadataArrival OnData(int peer, int part, ReadOnlySpan<byte> data, long nowMs, out byte[] whole)
    {
        whole = [];
        var attempt = _attempts.Find(candidate => candidate.Asked.TryGetValue(part, out var asked) && asked.Peer == peer);
        if (attempt is null)
        {
            return _sources.TryGetValue(peer, out var late) && late.GivenUp.Remove(part) ? MetadataArrival.Late : MetadataArrival.Unasked;
        }

        attempt.Asked.Remove(part);
        var source = _sources[peer];
        source.Asked--;
        if (data.Length != attempt.LengthOf(part))
        {
            Rest(source, nowMs + SilentRestMs);
            return MetadataArrival.BadLength;
        }

        attempt.Take(part, data, peer);
        if (!attempt.IsWhole)
        {
            return MetadataArrival.Taken;
        }

        whole = attempt.Join();
#pragma warning disable CA5350 // BEP 9 names the dictionary by its SHA-1.
        if (new InfoHash(SHA1.HashData(whole)) == infoHash)
#pragma warning restore CA5350
        {
            return MetadataArrival.Complete;
        }

        whole = [];
        Refused++;
        _attempts.Remove(attempt);
        if (attempt.Contributors.Count == 1)
        {
            Rest(source, nowMs + LiarRestMs);
        }
        else
        {
            _distrusted.Add(attempt.Size);
        }

        return MetadataArrival.WrongHash;
    }

    /// <summary>A peer refuses a part: others are asked.</summary>
    public void OnReject(int peer, int part, long nowMs)
    {
        if (_sources.TryGetValue(peer, out var source) && _attempts.Exists(attempt => attempt.Asked.TryGetValue(part, out var asked) && asked.Peer == peer))
        {
            Rest(source, nowMs + SilentRestMs);
        }
    }

    private void Begin(long nowMs)
    {
        foreach (var size in Waiting(nowMs).GroupBy(source => source.Size).OrderBy(group => group.Min(source => source.Turns))
            .ThenByDescending(group => group.Count()).ThenBy(group => group.Min(source => source.Peer)))
        {
            var beside = _attempts.Find(attempt => attempt.Size == size.Key);
            if (beside is null && AreSizesTaken)
            {
                continue;
            }

            var sizeBeganAtMs = beside?.SizeBeganAtMs ?? nowMs;
            if (!_distrusted.Contains(size.Key))
            {
                _attempts.Add(new Attempt(size.Key, soloPeer: null, nowMs, sizeBeganAtMs));
                continue;
            }

            foreach (var source in size.OrderBy(source => source.Turns))
            {
                if (AreSolosTaken)
                {
                    break;
                }

                _attempts.Add(new Attempt(size.Key, source.Peer, nowMs, sizeBeganAtMs));
            }
        }
    }

    private bool AreSizesTaken => _attempts.Select(attempt => attempt.Size).Distinct().Count() >= Sizes;

    private bool AreSolosTaken => _attempts.Count(attempt => attempt.SoloPeer is not null) >= SoloPeers;

    // Peers that could be asked and are in no attempt.
    private IEnumerable<Source> Waiting(long nowMs) =>
        _sources.Values.Where(source => source.RestUntilMs <= nowMs && !_attempts.Exists(attempt => attempt.IsOf(source)));

    // One at a time makes room, the one that is over its turn longest.
    private void EndTurn(long nowMs)
    {
        var waiting = Waiting(nowMs).ToArray();
        if (AreSizesTaken && Array.Exists(waiting, source => !_attempts.Exists(attempt => attempt.Size == source.Size)))
        {
            if (Over(_attempts, attempt => attempt.SizeBeganAtMs) is { } longest)
            {
                foreach (var attempt in _attempts.Where(attempt => attempt.Size == longest.Size).ToArray())
                {
                    End(attempt);
                }
            }
        }
        else if (AreSolosTaken && Array.Exists(waiting, source => _distrusted.Contains(source.Size))
            && Over(_attempts.Where(attempt => attempt.SoloPeer is not null), attempt => attempt.BeganAtMs) is { } solo)
        {
            End(solo);
        }

        Attempt? Over(IEnumerable<Attempt> attempts, Func<Attempt, long> beganAtMs) =>
            attempts.Where(attempt => nowMs - beganAtMs(attempt) >= TurnOf(attempt)).MinBy(attempt => beganAtMs(attempt) + TurnOf(attempt));
    }

    private long TurnOf(Attempt attempt) =>
        TurnMs << Math.Min(MaxDoublings, _sources.Values.Where(attempt.IsOf).Select(source => source.Turns).DefaultIfEmpty().Min());

    private void End(Attempt attempt)
    {
        _attempts.Remove(attempt);
        foreach (var source in _sources.Values.Where(attempt.IsOf))
        {
            source.Turns++;
        }

        foreach (var (part, asked) in attempt.Asked)
        {
            GiveUp(asked.Peer, part);
        }
    }

    private void Forget(long nowMs)
    {
        var patience = OthersWait(nowMs) ? ShortPatienceMs : PatienceMs;
        foreach (var attempt in _attempts)
        {
            foreach (var (_, (peer, askedAtMs)) in attempt.Asked.ToArray())
            {
                if (nowMs - askedAtMs >= patience && _sources.TryGetValue(peer, out var silent))
                {
                    Rest(silent, nowMs + SilentRestMs);
                }
            }
        }

        // An attempt nobody can go on with makes room for another size or peer.
        _attempts.RemoveAll(attempt => attempt.Asked.Count == 0 && !Givers(attempt, nowMs).Any());
    }

    private bool OthersWait(long nowMs) => _sources.Values.Any(source => source.RestUntilMs <= nowMs && source.Asked == 0);

    private IEnumerable<Source> Givers(Attempt attempt, long nowMs) =>
        _sources.Values.Where(source => source.RestUntilMs <= nowMs && attempt.IsOf(source));

    private void Rest(Source source, long untilMs)
    {
        source.RestUntilMs = Math.Max(source.RestUntilMs, untilMs);
        Release(source.Peer);
    }

    private void Release(int peer)
    {
        foreach (var attempt in _attempts)
        {
            foreach (var (part, asked) in attempt.Asked.ToArray())
            {
                if (asked.Peer == peer)
                {
                    attempt.Asked.Remove(part);
                    GiveUp(peer, part);
                }
            }
        }
    }

    private void GiveUp(int peer, int part)
    {
        if (_sources.TryGetValue(peer, out var source))
        {
            source.Asked--;
            source.GivenUp.Add(part);
        }
    }

    private sealed class Source(int peer, int size)
    {
        public int Peer { get; } = peer;

        public int Size { get; } = size;

        public int Asked { get; set; }

        /// <summary>Attempts of it that were thrown away because others waited.</summary>
        public int Turns { get; set; }

        /// <summary>Parts asked of it that may still come.</summary>
        public HashSet<int> GivenUp { get; } = [];

        public long RestUntilMs { get; set; } = long.MinValue;
    }

    private sealed class Attempt(int size, int? soloPeer, long beganAtMs, long sizeBeganAtMs)
    {
        private readonly SortedDictionary<int, byte[]> _parts = [];

        public int Size { get; } = size;

        public int? SoloPeer { get; } = soloPeer;

        public long BeganAtMs { get; } = beganAtMs;

        /// <summary>When the first of those attempts of its size that go on began.</summary>
        public long SizeBeganAtMs { get; } = sizeBeganAtMs;

        public Dictionary<int, (int Peer, long AtMs)> Asked { get; } = [];

        public HashSet<int> Contributors { get; } = [];

        public int ReceivedBytes { get; private set; }

        public bool IsWhole => ReceivedBytes == Size;

        private int Parts => (Size + MetadataMessage.PartLength - 1) / MetadataMessage.PartLength;

        public bool IsOf(Source source) => SoloPeer is { } peer ? source.Peer == peer : source.Size == Size;

        public int LengthOf(int part) => Math.Min(MetadataMessage.PartLength, Size - (part * MetadataMessage.PartLength));

        public IEnumerable<int> Missing() => Enumerable.Range(0, Parts).Where(part => !_parts.ContainsKey(part) && !Asked.ContainsKey(part));

        public void Take(int part, ReadOnlySpan<byte> data, int peer)
        {
            if (_parts.TryAdd(part, data.ToArray()))
            {
                ReceivedBytes += data.Length;
                Contributors.Add(peer);
            }
        }

        public byte[] Join()
        {
            var whole = new byte[Size];
            foreach (var (part, bytes) in _parts)
            {
                bytes.CopyTo(whole, part * MetadataMessage.PartLength);
            }

            return whole;
        }
    }
}
