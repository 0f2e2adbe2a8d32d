using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Wire;

public sealed class AllowedFastSetTests
{
    private static readonly InfoHash Hash = InfoHash.Parse(string.Concat(Enumerable.Repeat("aa", 20)));

    /// <summary>Vectors of BEP 6: 1,313 pieces, infohash of twenty 0xAA, peer 80.4.4.200.</summary>
    [Fact]
    public void Generate_VectorsOfBep6_AreMet()
    {
        var peer = IPAddress.Parse("80.4.4.200");

        Assert.Equal([1059, 431, 808, 1217, 287, 376, 1188], AllowedFastSet.Generate(peer, Hash, 1313, 7));
        Assert.Equal([1059, 431, 808, 1217, 287, 376, 1188, 353, 508], AllowedFastSet.Generate(peer, Hash, 1313, 9));
    }

    [Fact]
    public void Generate_NeighbourOrMappedAddress_GivesTheSameSet()
    {
        var expected = AllowedFastSet.Generate(IPAddress.Parse("80.4.4.200"), Hash, 1313);

        Assert.Equal(expected, AllowedFastSet.Generate(IPAddress.Parse("80.4.4.7"), Hash, 1313));
        Assert.Equal(expected, AllowedFastSet.Generate(IPAddress.Parse("::ffff:80.4.4.200"), Hash, 1313));
        Assert.Equal(10, expected.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(11, 10)]
    public void Generate_FewPieces_GivesEachOnce(int pieces, int expected)
    {
        var set = AllowedFastSet.Generate(IPAddress.Loopback, Hash, pieces);

        Assert.Equal(expected, set.Length);
        Assert.Equal(expected, set.Distinct().Count());
    }

    [Fact]
    public void Generate_IPv6_GivesNone() => Assert.Empty(AllowedFastSet.Generate(IPAddress.Parse("2001:db8::1"), Hash, 1313));
}
