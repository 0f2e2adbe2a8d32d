using System.Collections.Immutable;
using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Tests.Session;

/// <summary>Settings of the page: checked, kept as text, read back.</summary>
public sealed class SettingsOverlayTests
{
    [Fact]
    public void Read_WhatWasKept_IsThePatch()
    {
        var patch = new EngineSettingsPatch
        {
            MaxUploadRate = 1_000,
            Dht = false,
            DhtBootstrap = ["a.example:1", "[::1]:2"],
            LocalDiscovery = false,
            PeerExchange = true,
            TrackerEnabled = true,
            TrackerHttpPort = 0,
            TrackerUdpPort = 65_535,
            TrackerServesAny = false,
        };

        var options = SettingsOverlay.Read(SettingsOverlay.Keep(ImmutableDictionary<string, string>.Empty, patch)).ApplyTo(new TorrentEngineOptions { PeerExchange = false });

        Assert.Equal(["a.example:1", "[::1]:2"], options.DhtBootstrap);
        Assert.Equal((1_000, false, false, true), (options.MaxUploadRate, options.Dht, options.LocalDiscovery, options.PeerExchange));
        Assert.Equal(new TrackerServerOptions { Enabled = true, HttpPort = 0, UdpPort = 65_535, ServesAny = false }, options.Tracker);
    }

    [Fact] // a list emptied in the page stays empty: it does not fall back to the file's
    public void Read_EmptyBootstrap_StaysEmpty() => Assert.Empty(
        SettingsOverlay.Read(SettingsOverlay.Keep(ImmutableDictionary<string, string>.Empty, new EngineSettingsPatch { DhtBootstrap = [] })).DhtBootstrap!.Value);

    [Theory]
    [InlineData("no-port")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData(":6881")]
    [InlineData("two words:6881")]
    [InlineData("http://host:6881")]
    public void Validate_BadBootstrapNode_IsNamed(string node) =>
        Assert.Contains(node, Assert.Single(SettingsOverlay.Validate(new EngineSettingsPatch { DhtBootstrap = [node] })), StringComparison.Ordinal);

    [Fact]
    public void Validate_BadPorts_AreBothNamed() =>
        Assert.Equal(2, SettingsOverlay.Validate(new EngineSettingsPatch { TrackerHttpPort = -1, TrackerUdpPort = 65_536 }).Length);
}
