using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using P2P.Blazor.Configuration;
using Xunit;

namespace P2P.Blazor.Tests.Configuration;

/// <summary>Where the page may be served.</summary>
public sealed class HostSettingsTests
{
    private static HostSettings Read(params (string Key, string? Value)[] values) =>
        HostSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(value => value.Key, value => value.Value)).Build());

    [Fact]
    public void Read_Nothing_IsLoopbackPort5080() => Assert.Equal(["http://127.0.0.1:5080"], Read().Urls);

    [Theory]
    [InlineData("http://127.0.0.1:5081")]
    [InlineData("http://127.1.2.3:5081")]
    [InlineData("http://[::1]:5081")]
    [InlineData("http://localhost:5081")]
    [InlineData("http://LOCALHOST")]
    public void Read_Loopback_IsTaken(string url)
    {
        Assert.Equal([url], Read(("Host:Url", url)).Urls);
        Assert.Equal([url], Read(("Urls", url), ("Host:Url", "http://127.0.0.1:1")).Urls);
    }

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://+:5080")]
    [InlineData("http://[::]:5080")]
    [InlineData("http://192.168.1.2:5080")]
    [InlineData("http://example.org:5080")]
    [InlineData("http://127.0.0.1.example.org:5080")]
    [InlineData("http://localhost.example.org:5080")]
    [InlineData("http://unix:/run/p2p.sock")]
    [InlineData("5080")]
    public void Read_BeyondLoopback_IsRefusedInOneSentence(string url)
    {
        foreach (var key in new[] { "Urls", "Host:Url", "Kestrel:Endpoints:Web:Url" })
        {
            var mistake = Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read((key, url))).Mistakes);
            Assert.Contains(url, mistake);
        }
    }

    [Fact]
    public void Read_OneOfSeveralBeyondLoopback_IsRefused() =>
        Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read(("Urls", "http://127.0.0.1:5080;http://0.0.0.0:5080"))).Mistakes);

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("Warning", LogLevel.Warning)]
    public void Read_LogLevel_IsTaken(string text, LogLevel level) => Assert.Equal(level, Read(("Host:LogLevel", text)).LogLevel);

    [Theory]
    [InlineData("loud")]
    [InlineData("17")]
    public void Read_UnknownLogLevel_IsRefused(string text) =>
        Assert.StartsWith("Host:LogLevel", Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read(("Host:LogLevel", text))).Mistakes));
}
