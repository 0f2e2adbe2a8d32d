using System.Net;
using System.Text;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>The guard that watches every packet of the suites sees what it is there for: a guard that sees nothing would pass everything.</summary>
public sealed class PrivacyTests
{
    private static readonly InfoHash Private = InfoHash.Parse("aabbccddeeff00112233445566778899aabbccdd");
    private static readonly PeerEndpoint Somebody = new(IPAddress.Parse("10.0.0.9"), 6881);

    [Fact]
    public void Ledger_PrivateInfoHashInDatagrams_IsReported()
    {
        var ledger = new PrivacyLedger();
        ledger.Add(Private);

        ledger.OnDatagram([.. "d1:ad2:id20:xxxxxxxxxxxxxxxxxxxx9:info_hash20:"u8, .. Private.ToArray(), .. "e1:q9:get_peers1:t2:aa1:y1:qe"u8], "a node");
        ledger.OnDatagram(Encoding.ASCII.GetBytes($"BT-SEARCH * HTTP/1.1\r\nInfohash: {Private}\r\n\r\n"), "the LAN");

        Assert.Equal(2, ledger.Violations.Count);
    }

    [Fact]
    public void Ledger_OtherInfoHashOrTracker_IsNotReported()
    {
        var ledger = new PrivacyLedger();
        ledger.Add(Private);

        ledger.OnDatagram([.. "d1:ad2:id20:xxxxxxxxxxxxxxxxxxxx9:info_hash20:"u8, .. new byte[20], .. "e1:q9:get_peers1:t2:aa1:y1:qe"u8], "a node");
        ledger.OnDatagram([0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 1, .. Private.ToArray()], "a UDP tracker");

        Assert.Empty(ledger.Violations);
    }

    [Theory]
    [InlineData("\u0014\u0001d5:added6:......e")]
    [InlineData("\u0014\0d1:md6:ut_pexi1eee")]
    [InlineData("\t\u001a\u00e1")]
    public void Ledger_ExchangeOrPortToAPrivatePeer_IsReported(string message)
    {
        var ledger = new PrivacyLedger();
        ledger.Add(Private);

        ledger.OnMessage(Encoding.Latin1.GetBytes(message), Private, Somebody);

        Assert.Single(ledger.Violations);
    }

    [Fact]
    public void Ledger_CountedTorrent_IsSeenAndNotReported()
    {
        var ledger = new PrivacyLedger();
        ledger.Count(Private);

        ledger.OnDatagram([.. "d1:ad9:info_hash20:"u8, .. Private.ToArray(), .. "e1:q9:get_peers1:t2:aa1:y1:qe"u8], "a node");
        ledger.OnDatagram(Encoding.ASCII.GetBytes($"BT-SEARCH * HTTP/1.1\r\nInfohash: {Private}\r\n\r\n"), "the LAN");
        ledger.OnMessage([20, 1, .. "d5:added6:......e"u8], Private, Somebody);
        ledger.OnMessage([9, 26, 225], Private, Somebody);
        ledger.OnMessage([2], Private, Somebody);

        Assert.Empty(ledger.Violations);
        Assert.All(Enum.GetValues<Sighting>(), kind => Assert.Equal(1, ledger.Sightings(Private, kind)));
        Assert.Equal((2L, 3L), (ledger.Datagrams, ledger.Messages));
    }
}
