using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

/// <summary>The picker against a naive model that keeps plain sets, under random swarms of up to five peers.</summary>
public sealed class PickerModelTests
{
    private static readonly Gen<(int Kind, int Peer, int Value, int More)[]> Operations =
        Gen.Select(Gen.Int[0, 11], Gen.Int[1, 5], Gen.Int[0, 1000], Gen.Int[0, 40]).Array[20, 300];

    [Fact]
    public void AnyOperations_AgainstNaiveModel_AgreeAndKeepTheRules() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 4], Gen.Int[1, 16384], Gen.UInt, Gen.Bool, Operations).Sample(
            (pieces, blocks, lastBytes, seed, isSequential, operations) =>
            {
                var geometry = PieceGeometry.Contiguous(((long)(pieces - 1) * blocks * 16384) + lastBytes, blocks * 16384);
                var model = new Model(geometry, (int)seed, isSequential);
                foreach (var (kind, peer, value, more) in operations)
                {
                    model.Do(kind, peer, value, more);
                    model.Check();
                }

                model.End();
            },
            iter: 600);

    private sealed class Model
    {
        private readonly PieceGeometry _geometry;
        private readonly PiecePicker _picker;
        private readonly BlockPool _pool = new(10_000);
        private readonly Random _random;
        private readonly Dictionary<int, Bitfield> _peers = [];
        private readonly Dictionary<BlockRef, HashSet<int>> _asked = [];
        private readonly HashSet<BlockRef> _here = [];
        private readonly HashSet<int> _verified = [];
        private readonly HashSet<int> _busy = [];
        private readonly HashSet<int> _failed = [];
        private readonly FilePriority[] _priority;
        private readonly List<int> _others = [];

        public Model(PieceGeometry geometry, int seed, bool isSequential)
        {
            _geometry = geometry;
            _random = new Random(seed);
            _picker = new PiecePicker(geometry, new Random(seed + 1)) { IsSequential = isSequential };
            _priority = [.. Enumerable.Repeat(FilePriority.Normal, geometry.PieceCount)];
        }

        private IEnumerable<BlockRef> AllBlocks => Enumerable.Range(0, _geometry.PieceCount).SelectMany(BlocksOf);

        private IEnumerable<int> Missing =>
            Enumerable.Range(0, _geometry.PieceCount).Where(piece => _priority[piece] != FilePriority.Skip && !_verified.Contains(piece));

        public void Do(int kind, int peer, int value, int more)
        {
            var piece = value % _geometry.PieceCount;
            switch (kind)
            {
                case 0 or 1:
                    Come(peer, value);
                    break;
                case 2:
                    Leave(peer);
                    break;
                case 3:
                    Have(peer, piece);
                    break;
                case 4 or 5 or 6:
                    Pick(peer, more, value);
                    break;
                case 7 or 8:
                    Deliver(peer, value);
                    break;
                case 9:
                    Judge(piece, isRight: more > 10);
                    break;
                case 10:
                    _priority[piece] = (FilePriority)(more % 4);
                    _picker.SetPriority(piece, _priority[piece]);
                    break;
                default:
                    Release(peer, value, all: more > 30);
                    break;
            }
        }

        public void Check()
        {
            for (var piece = 0; piece < _geometry.PieceCount; piece++)
            {
                Assert.Equal(_peers.Values.Count(have => have[piece]), _picker.Availability(piece));
                Assert.Equal(_verified.Contains(piece), _picker.IsVerified(piece));
                Assert.Equal(_busy.Contains(piece), _picker.IsBusy(piece));
                var blocks = BlocksOf(piece).ToList();
                var partial = _picker.Partial(piece);
                Assert.Equal(blocks.Count(_here.Contains), partial?.ReceivedCount ?? 0);
                Assert.Equal(blocks.Count(IsAsked), partial?.RequestedCount ?? 0);
                Assert.Equal(partial is not null, blocks.Any(block => IsAsked(block) || _here.Contains(block)));
            }

            Assert.Equal(Missing.Count(), _picker.MissingWanted);
            var free = Missing.Where(piece => !_busy.Contains(piece)).SelectMany(BlocksOf).Any(block => !_here.Contains(block) && !IsAsked(block));
            Assert.Equal(!free && _asked.Values.Any(peers => peers.Count > 0), _picker.InEndgame);
            var copies = Enumerable.Range(0, _geometry.PieceCount).Select(_picker.Availability).ToList();
            Assert.Equal(copies.Min() + (copies.Count(n => n > copies.Min()) / (double)copies.Count), _picker.DistributedCopies(), 9);
            foreach (var have in _peers.Values)
            {
                Assert.Equal(Missing.Any(piece => have[piece]), _picker.IsInterestedIn(have));
            }
        }

        public void End()
        {
            foreach (var piece in _picker.Partials.Select(partial => partial.Piece).ToList())
            {
                foreach (var block in _picker.Remove(piece).TakeBlocks())
                {
                    block?.Return();
                }
            }

            Assert.Equal(0, _pool.Lent);
        }

        private void Come(int peer, int value)
        {
            if (_peers.ContainsKey(peer))
            {
                return;
            }

            var have = new Bitfield(_geometry.PieceCount);
            for (var piece = 0; piece < have.Length; piece++)
            {
                have[piece] = value % 3 == 0 || _random.Next(3) > 0;
            }

            _peers.Add(peer, have);
            _picker.AddPeer(have);
        }

        private void Leave(int peer)
        {
            if (_peers.Remove(peer, out var have))
            {
                _picker.RemovePeer(have);
                Forget(peer);
            }
        }

        private void Have(int peer, int piece)
        {
            if (_peers.TryGetValue(peer, out var have) && have.Set(piece))
            {
                _picker.OnPeerHave(piece);
            }
        }

        private void Pick(int peer, int count, int value)
        {
            if (!_peers.TryGetValue(peer, out var have))
            {
                return;
            }

            Bitfield? only = null;
            if (value % 7 == 0)
            {
                only = new Bitfield(have.Length) { [value % have.Length] = true };
            }

            var mine = _asked.Values.Count(peers => peers.Contains(peer));
            List<BlockRef> picked = [];
            Assert.Equal(_picker.Pick(peer, have, only, value, count, picked), picked.Count);
            Assert.True(picked.Count <= count);
            var duplicates = 0;
            foreach (var block in picked)
            {
                Assert.True(_geometry.IsCanonical(block) && have[block.Piece] && only?[block.Piece] is not false);
                Assert.Contains(block.Piece, Missing);
                Assert.DoesNotContain(block.Piece, _busy);
                Assert.DoesNotContain(block, _here);
                if (IsAsked(block))
                {
                    duplicates++;
                    Assert.True(_picker.InEndgame && _asked[block].Count < (_asked.Count(asked => asked.Value.Count > 0) <= 8 ? 3 : 2));
                }

                Assert.True(AskedOf(block).Add(peer));
            }

            Assert.True(duplicates == 0 || mine + picked.Count <= 2);

            // Nothing free that this peer could give may be left when it was asked for less than it could take.
            if (picked.Count < count)
            {
                Assert.DoesNotContain(Missing.SelectMany(BlocksOf), block => have[block.Piece] && only?[block.Piece] is not false
                    && !_busy.Contains(block.Piece) && !_failed.Contains(block.Piece) && !IsAsked(block) && !_here.Contains(block));
            }
        }

        private void Deliver(int peer, int value)
        {
            var mine = _asked.Where(asked => asked.Value.Contains(peer)).Select(asked => asked.Key).ToList();
            var block = mine.Count > 0 && value % 5 > 0 ? mine[value % mine.Count] : AllBlocks.ElementAt(value % AllBlocks.Count());
            var data = _pool.TryRent()!;
            var arrival = _picker.OnBlock(block, peer, data, _others);
            var isHere = _here.Contains(block) || _verified.Contains(block.Piece) || _busy.Contains(block.Piece);
            var isKept = arrival is BlockArrival.Accepted or BlockArrival.CompletesPiece;
            if (isHere)
            {
                Assert.Equal(BlockArrival.Duplicate, arrival);
            }
            else if (_priority[block.Piece] != FilePriority.Skip)
            {
                Assert.True(isKept);
            }

            if (!isKept)
            {
                data.Return();
                Assert.Empty(_others);
                return;
            }

            Assert.Equal(AskedOf(block).Where(other => other != peer).Order(), _others.Order());
            AskedOf(block).Clear();
            _here.Add(block);
            Assert.Equal(peer, _picker.Partial(block.Piece)!.SupplierOf(block.Index));
            var isComplete = BlocksOf(block.Piece).All(_here.Contains);
            Assert.Equal(isComplete ? BlockArrival.CompletesPiece : BlockArrival.Accepted, arrival);
            if (isComplete)
            {
                _busy.Add(block.Piece);
            }
        }

        private void Judge(int piece, bool isRight)
        {
            if (!_busy.Remove(piece))
            {
                return;
            }

            foreach (var block in _picker.Remove(piece).TakeBlocks())
            {
                block!.Return();
            }

            Assert.True(_picker.IsBusy(piece));
            _here.RemoveWhere(block => block.Piece == piece);
            if (isRight)
            {
                _verified.Add(piece);
                _picker.SetVerified(piece);
            }
            else
            {
                _failed.Add(piece);
                _picker.SetUnverified(piece);
            }
        }

        private void Release(int peer, int value, bool all)
        {
            if (all)
            {
                Forget(peer);
                return;
            }

            var block = AllBlocks.ElementAt(value % AllBlocks.Count());
            _picker.Release(block, peer);
            AskedOf(block).Remove(peer);
        }

        private void Forget(int peer)
        {
            _picker.ReleaseAll(peer);
            foreach (var asked in _asked.Values)
            {
                asked.Remove(peer);
            }
        }

        private bool IsAsked(BlockRef block) => _asked.TryGetValue(block, out var peers) && peers.Count > 0;

        private HashSet<int> AskedOf(BlockRef block) => _asked.TryGetValue(block, out var peers) ? peers : _asked[block] = [];

        private IEnumerable<BlockRef> BlocksOf(int piece) =>
            Enumerable.Range(0, _geometry.BlockCountOf(piece)).Select(block => _geometry.BlockAt(piece, block));
    }
}
