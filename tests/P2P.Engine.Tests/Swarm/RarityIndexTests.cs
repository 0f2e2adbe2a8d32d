using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class RarityIndexTests
{
    [Fact]
    public void AnyOperations_AgainstPlainSet_RarestIsRarest() =>
        Gen.Select(Gen.Int[1, 700], Gen.Int[0, 1000], Gen.Select(Gen.Int[0, 3], Gen.Int[0, 10_000]).Array[0, 800]).Sample((pieces, seed, operations) =>
        {
            var (copies, random) = (new int[pieces], new Random(seed));
            var index = new RarityIndex(copies, new int[pieces], random);
            foreach (var (kind, value) in operations)
            {
                Apply(index, copies, kind, value % pieces);
            }

            var have = new Bitfield(pieces);
            for (var piece = 0; piece < pieces; piece++)
            {
                have[piece] = random.Next(1 + (seed % 50)) == 0;
            }

            var wanted = Enumerable.Range(0, pieces).Where(piece => index.Contains(piece) && have[piece]).ToList();
            Assert.Equal(wanted.Count == 0 ? -1 : wanted.Min(), index.FindFirst(have, null));
            foreach (var only in new[] { null, have })
            {
                var rarest = index.FindRarest(have, only);
                Assert.Equal(wanted.Count == 0, rarest < 0);
                Assert.True(rarest < 0 || (wanted.Contains(rarest) && copies[rarest] == wanted.Min(piece => copies[piece])));
                var any = index.FindRandom(have, only);
                Assert.True(any < 0 ? wanted.Count == 0 : wanted.Contains(any));
            }
        },
            iter: 300);

    private static void Apply(RarityIndex index, int[] copies, int kind, int piece)
    {
        var isIn = index.Contains(piece);
        switch (kind)
        {
            case 0 when !isIn:
                index.Add(piece);
                break;
            case 0 when piece % 3 == 0:
                index.Remove(piece);
                break;
            case 1 or 2:
                copies[piece]++;
                Tell(isIn, index.Raised);
                break;
            case 3 when copies[piece] > 0:
                copies[piece]--;
                Tell(isIn, index.Lowered);
                break;
        }

        void Tell(bool isMember, Action<int> change)
        {
            if (isMember)
            {
                change(piece);
            }
        }
    }
}
