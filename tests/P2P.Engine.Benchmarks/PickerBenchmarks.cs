using BenchmarkDotNet.Attributes;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Swarm;

namespace P2P.Engine.Benchmarks;

/// <summary>The picker in a large swarm: 100,000 pieces of 16 blocks, 500 peers that each have a random share of them.</summary>
[MemoryDiagnoser]
public class PickerBenchmarks
{
    private const int Pieces = 100_000;
    private const int Peers = 500;
    private const int Picks = 10_000;

    private readonly Bitfield[] _have = new Bitfield[Peers];
    private readonly List<BlockRef> _result = new(64);
    private readonly List<int> _others = new(8);
    private readonly BlockPool.Block _data = new BlockPool(1).TryRent()!;
    private readonly Bitfield _seed = new(Pieces);
    private PiecePicker _picker = null!;
    private int _turn;

    /// <summary>A swarm in the middle of its life: peers have from 1 % to all of it.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _picker = new PiecePicker(PieceGeometry.Contiguous(Pieces * 262_144L, 262_144), random);
        _seed.SetAll();
        for (var peer = 0; peer < Peers; peer++)
        {
            var share = 0.01 + (0.99 * random.NextDouble());
            _have[peer] = new Bitfield(Pieces);
            for (var piece = 0; piece < Pieces; piece++)
            {
                _have[peer][piece] = random.NextDouble() < share;
            }

            _picker.AddPeer(_have[peer]);
        }

        _picker.SetVerified(0);
    }

    /// <summary>One block at a time, peers in turn, as after each block that arrives; requests are given back when a round is over.</summary>
    [Benchmark(OperationsPerInvoke = Picks)]
    public int PickOneBlock()
    {
        for (var i = 0; i < Picks; i++)
        {
            var peer = _turn++ % Peers;
            _result.Clear();
            _picker.Pick(peer + 1, _have[peer], null, 100_000, 1, _result);
        }

        return _result.Count;
    }

    /// <summary>All requests off and the peers forgotten, so that every iteration begins alike.</summary>
    [IterationCleanup(Target = nameof(PickOneBlock))]
    public void GiveBack()
    {
        for (var peer = 1; peer <= Peers; peer++)
        {
            _picker.ReleaseAll(peer);
        }
    }

    /// <summary>A whole block's life: picked, arrived, and every sixteenth its piece judged and waiting anew.</summary>
    [Benchmark(OperationsPerInvoke = Picks)]
    public int PickAndReceive()
    {
        for (var i = 0; i < Picks; i++)
        {
            var peer = _turn++ % 8;
            _result.Clear();
            _picker.Pick(peer + 1, _have[peer], null, 100_000, 1, _result);
            if (_picker.OnBlock(_result[0], peer + 1, _data, _others) == BlockArrival.CompletesPiece)
            {
                _picker.Remove(_result[0].Piece).TakeBlocks();
                _picker.SetVerified(_result[0].Piece);
                _picker.SetUnverified(_result[0].Piece);
            }
        }

        return _others.Count;
    }

    /// <summary>A have message, over the pieces in turn.</summary>
    [Benchmark]
    public void HaveMessage() => _picker.OnPeerHave(_turn++ % Pieces);

    /// <summary>A seed comes and goes.</summary>
    [Benchmark]
    public void SeedComesAndGoes()
    {
        _picker.AddPeer(_seed);
        _picker.RemovePeer(_seed);
    }

    /// <summary>A peer with half of the pieces comes and goes.</summary>
    [Benchmark]
    public void PeerComesAndGoes()
    {
        _picker.AddPeer(_have[7]);
        _picker.RemovePeer(_have[7]);
    }
}
