using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class RowHintsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(39)]
    [InlineData(40)]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public void Pieces_NoneAndAll_AreTheEndsOfTheScale(int count)
    {
        var (hints, have) = (new RowHints(), new Bitfield(count));
        Assert.All(hints.Pieces(have), part => Assert.Equal(0, part));
        for (var piece = 0; piece < count; piece++)
        {
            have.Set(piece);
        }

        Assert.All(hints.Pieces(have), part => Assert.Equal(15, part));
        Assert.Equal(hints.Pieces(have), hints.Pieces(have)); // the same array: nothing is summed twice
    }

    [Fact]
    public void Pieces_AnySet_IsZeroOnlyWhereNothingIsAndFullOnlyWhereAllIs() =>
        Gen.Select(Gen.Int[40, 3_000], Gen.Int[0, int.MaxValue]).Sample((count, seed) =>
        {
            var (random, have) = (new Random(seed), new Bitfield(count));
            var share = random.NextDouble();
            for (var piece = 0; piece < count; piece++)
            {
                if (random.NextDouble() < share)
                {
                    have.Set(piece);
                }
            }

            var parts = new RowHints().Pieces(have);
            return parts.Length == RowHints.Parts && Enumerable.Range(0, RowHints.Parts).All(part =>
            {
                var own = Enumerable.Range((int)((long)part * count / 40), (int)(((long)part + 1) * count / 40) - (int)((long)part * count / 40));
                return parts[part] != 0 ? parts[part] != 15 || own.All(piece => have[piece]) : own.All(piece => !have[piece]);
            });
        });

    [Theory]
    [InlineData("http://tracker.example:6969/announce?passkey=secret", "tracker.example")]
    [InlineData("udp://tracker.example:6969", "tracker.example")]
    [InlineData("http://[::1]:6969/announce", "[::1]")]
    [InlineData("no url", null)]
    public void Host_OfTheFirst_IsTold(string url, string? expected) => Assert.Equal(expected, RowHints.Host([new TrackerSnapshot { Url = url }]));

    [Fact]
    public void Host_WithoutTrackers_IsNull() => Assert.Null(RowHints.Host([]));
}
