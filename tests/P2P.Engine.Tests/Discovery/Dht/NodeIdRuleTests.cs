using System.Net;
using CsCheck;
using P2P.Engine.Discovery.Dht;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

public sealed class NodeIdRuleTests
{
    [Theory] // vectors of BEP 42
    [InlineData("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")]
    [InlineData("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256")]
    [InlineData("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616")]
    [InlineData("84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41")]
    [InlineData("43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a")]
    public void Fits_VectorsOfBep42_Fit(string address, string id)
    {
        var bytes = Convert.FromHexString(id);
        Assert.True(NodeIdRule.Fits(new NodeId(bytes), IPAddress.Parse(address)));

        // Any of the 21 bits that follow from the address decides; the other bits do not.
        for (var bit = 0; bit < 32; bit++)
        {
            var other = (byte[])bytes.Clone();
            other[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            Assert.Equal(bit >= NodeIdRule.FixedBits, NodeIdRule.Fits(new NodeId(other), IPAddress.Parse(address)));
        }
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.1.1")]
    [InlineData("127.0.0.5")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    public void Fits_LocalAddress_AnyIdFits(string address) => Assert.True(NodeIdRule.Fits(DhtFacts.Id(1, 2, 3), IPAddress.Parse(address)));

    [Fact]
    public void Create_AnyPublicAddress_FitsAndUsesAllEightPlaces() => Gen.Select(Gen.Byte[1, 9], Gen.Byte.Array[15], Gen.Int, Gen.Bool).Sample((first, rest, seed, isIPv6) =>
    {
        var address = isIPv6 ? new IPAddress([0x20, .. rest]) : new IPAddress([first, .. rest[..3]]);
        var random = new Random(seed);
        return NodeIdRule.Fits(NodeIdRule.Create(address, bytes => random.NextBytes(bytes)), address);
    });

    [Fact]
    public void Create_IPv6_DependsOnTheUpperHalfOnly()
    {
        var id = NodeIdRule.Create(IPAddress.Parse("2001:db8:1:2::1"), bytes => new Random(1).NextBytes(bytes));

        Assert.True(NodeIdRule.Fits(id, IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.False(NodeIdRule.Fits(id, IPAddress.Parse("2001:db8:1:3::1")));
    }

    [Fact] // D21
    public void Vote_OneLiarOrAHundredInOneNetwork_ChangesNothing()
    {
        var votes = new AddressVotes(null);
        var lie = IPAddress.Parse("6.6.6.6");
        for (var i = 0; i < 100; i++)
        {
            Assert.False(votes.Vote(new IPAddress([50, 0, 0, (byte)i]), lie));
        }

        Assert.Null(votes.Current);
    }

    [Fact] // D21
    public void Vote_EightNetworksAgree_IsBelievedAtTheEighth()
    {
        var votes = new AddressVotes(null);
        var ours = IPAddress.Parse("9.8.7.6");
        for (var i = 0; i < 7; i++)
        {
            Assert.False(votes.Vote(new IPAddress([50, 0, (byte)i, 1]), ours));
            Assert.False(votes.Vote(new IPAddress([50, 0, (byte)i, 2]), ours));
        }

        Assert.True(votes.Vote(IPAddress.Parse("50.0.7.1"), ours));
        Assert.Equal(ours, votes.Current);
    }

    [Fact] // D21
    public void Vote_MinorityAgainstWhatIsBelieved_ChangesNothingUntilItIsTheMajority()
    {
        var (votes, old, moved) = (new AddressVotes(null), IPAddress.Parse("9.8.7.6"), IPAddress.Parse("9.9.9.9"));
        for (var i = 0; i < AddressVotes.MaxVoices; i++)
        {
            votes.Vote(new IPAddress([50, 0, (byte)i, 1]), old);
        }

        var changedAfter = Enumerable.Range(1, 40).First(i => votes.Vote(new IPAddress([60, 0, (byte)i, 1]), moved));

        Assert.Equal((AddressVotes.MaxVoices / 2) + 1, changedAfter);
    }

    [Theory]
    [InlineData("192.168.1.2", "9.8.7.6")]
    [InlineData("50.0.0.1", "192.168.1.2")]
    [InlineData("50.0.0.1", "127.0.0.1")]
    [InlineData("50.0.0.1", "2001:db8::1")]
    public void Vote_LocalVoterOrLocalAddressOrOtherFamily_DoesNotCount(string voter, string told)
    {
        var votes = new AddressVotes(null);
        for (var i = 0; i < 20; i++)
        {
            var bytes = IPAddress.Parse(voter).GetAddressBytes();
            bytes[2] = (byte)i;
            Assert.False(votes.Vote(new IPAddress(bytes), IPAddress.Parse(told)));
        }

        Assert.Null(votes.Current);
    }
}
