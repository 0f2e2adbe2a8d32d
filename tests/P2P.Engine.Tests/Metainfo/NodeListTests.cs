using System.Net;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>"nodes" of a .torrent (BEP 5): addresses are taken, everything else is left out.</summary>
public sealed class NodeListTests
{
    [Fact]
    public void Read_AddressesOfBothFamilies_AreNodesOnce() => Assert.Equal(
        [new PeerEndpoint(IPAddress.Parse("192.0.2.7"), 6881), new PeerEndpoint(IPAddress.Parse("2001:db8::7"), 1)],
        Nodes(L(L(S("192.0.2.7"), I(6881)), L(S("2001:db8::7"), I(1)), L(S("192.0.2.7"), I(6881)))));

    [Fact] // a name would be looked up on a stranger's word
    public void Read_NamesBadPortsAndOtherShapes_AreLeftOut() => Assert.Empty(Nodes(L(
        L(S("router.example.org"), I(6881)), L(S("192.0.2.7"), I(0)), L(S("192.0.2.7"), I(65_536)), L(S("192.0.2.7")), L(S("0.0.0.0"), I(6881)),
        S("192.0.2.7:6881"), L(I(1), I(2)), L())));

    [Fact]
    public void Read_NoList_IsEmpty() => Assert.Empty(Nodes(I(7)));

    [Fact]
    public void Read_TooMany_TakesTheFirst() => Assert.Equal(
        NodeListReader.MaxNodes, Nodes(L([.. Enumerable.Range(1, 200).Select(number => L(S($"192.0.2.{number}"), I(6881)))])).Length);

    private static System.Collections.Immutable.ImmutableArray<PeerEndpoint> Nodes(byte[] nodes) =>
        MetainfoReader.Read(TorrentBuilder.Single().WithRoot("nodes", nodes).Build()).Nodes;
}
