using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using P2P.Engine.Swarm;

namespace P2P.Engine.Benchmarks;

/// <summary>One choke round; it happens every 30 s in each torrent.</summary>
[MemoryDiagnoser]
public class ChokerBenchmarks
{
    private readonly Choker _choker = new(new Random(1));
    private ChokePeer[] _peers = [];
    private long _nowMs;

    /// <summary>Connected peers.</summary>
    [Params(60, 500)]
    public int Peers { get; set; }

    /// <summary>Half of the peers are interested; rates are random.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _peers = [.. Enumerable.Range(1, Peers).Select(id => new ChokePeer(
            id, random.Next(2) == 0, false, random.Next(10) == 0, random.Next(2) == 0, random.Next(1_000_000), 0, 0, 0, 0, 0, SlotKind.None))];
    }

    /// <summary>A round with a verdict for everybody.</summary>
    [Benchmark]
    public int Round() => _choker.Round(_peers, new ChokeRules(3, 1, IsSeeding: false, IsStrict: false), _nowMs += 30_000).Length;
}
