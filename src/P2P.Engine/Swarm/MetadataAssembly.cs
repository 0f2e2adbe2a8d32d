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
/// side (R-M03), those most peers tell first. Memory grows with the parts received, never with the size told (R-M02).
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

    /// <summary>A peer that alone gave a wrong dictionary is not asked again for so long.</summary>
    public const long LiarRestMs = 300_000;

    /// <summary>A peer that was silent, or refused, is not asked again for so long.</summary>
    public const long SilentRestMs = 30_000;

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
            return MetadataArrival.Unasked;
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
        var sizes = _sources.Values
            .Where(source => source.RestUntilMs <= nowMs)
            .GroupBy(source => source.Size)
            .OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key);
        foreach (var size in sizes)
        {
            if (!_attempts.Exists(attempt => attempt.Size == size.Key) && _attempts.Select(attempt => attempt.Size).Distinct().Count() >= Sizes)
            {
                continue;
            }

            if (!_distrusted.Contains(size.Key))
            {
                if (!_attempts.Exists(attempt => attempt.Size == size.Key))
                {
                    _attempts.Add(new Attempt(size.Key, soloPeer: null));
                }

                continue;
            }

            foreach (var source in size.Where(source => !_attempts.Exists(attempt => attempt.SoloPeer == source.Peer)))
            {
                if (_attempts.Count(attempt => attempt.SoloPeer is not null) >= SoloPeers)
                {
                    break;
                }

                _attempts.Add(new Attempt(size.Key, source.Peer));
            }
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
        source.Asked = 0;
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
                }
            }
        }
    }

    private sealed class Source(int peer, int size)
    {
        public int Peer { get; } = peer;

        public int Size { get; } = size;

        public int Asked { get; set; }

        public long RestUntilMs { get; set; } = long.MinValue;
    }

    private sealed class Attempt(int size, int? soloPeer)
    {
        private readonly SortedDictionary<int, byte[]> _parts = [];

        public int Size { get; } = size;

        public int? SoloPeer { get; } = soloPeer;

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
