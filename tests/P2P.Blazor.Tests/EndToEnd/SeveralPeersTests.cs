using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The four commands of the README, as they are written there but for ports and folders, make a swarm on one machine.</summary>
[Collection(EndToEndGroup.Name)]
public sealed partial class SeveralPeersTests
{
    private const long Length = 6_000_001;

    [Fact]
    public async Task Four_of_us_and_one_real_seed_make_one_swarm()
    {
        EndToEndGroup.Require(LibtorrentPeer.WhyUnavailable, OpenTracker.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = await OpenTracker.StartAsync(loopback);
        var torrent = TestTorrents.Single(loopback, Length, 32 << 10, tracker.UdpUrl);
        await tracker.AllowAsync(torrent.InfoHash);
        // Slow enough that the four depend on each other: alone it would need 24 s for four copies.
        await using var seed = await LibtorrentPeer.StartAsync(loopback, new JsonObject { ["upload_rate_limit"] = 1_000_000 });
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await tracker.UntilSeededAsync(torrent.InfoHash, EndToEndGroup.Patience);

        var ours = await Task.WhenAll(Commands().Select(command => StartAsync(loopback, command)));
        try
        {
            Assert.Equal(4, ours.Length);
            foreach (var host in ours)
            {
                await host.AddAsync(torrent.TorrentPath);
            }

            await Task.WhenAll(ours.Select(host => host.UntilStateAsync(torrent.InfoHash, "seeding", EndToEndGroup.Patience)));
            Assert.All(ours, host => torrent.AssertCopiedTo(host.SharedDirectory));
            var fromSeed = (await seed.PayloadAsync()).Uploaded;
            var rows = await Task.WhenAll(ours.Select(host => host.TorrentAsync(torrent.InfoHash)));
            var fromUs = rows.Sum(row => row.GetProperty("uploaded").GetInt64());
            TestContext.Current.TestOutputHelper?.WriteLine($"four copies of {Length:N0} bytes: {fromSeed:N0} from the seed, {fromUs:N0} from each other, {rows.Sum(row => row.GetProperty("wasted").GetInt64()):N0} in vain");
            Assert.True(fromUs > Length, $"The four gave each other only {fromUs} bytes, the seed gave {fromSeed}.");
        }
        finally
        {
            await Task.WhenAll(ours.Select(host => host.DisposeAsync().AsTask()));
        }
    }

    private static IEnumerable<string[]> Commands() => File.ReadLines(Path.Combine(FakeHost.RepositoryRoot(), "README.md"))
        .Select(line => RunCommand().Match(line))
        .Where(match => match.Success)
        .Select(match => match.Groups[1].Value.Split(' '));

    private static Task<HostProcess> StartAsync(LoopbackFixture loopback, string[] command)
    {
        var folder = loopback.NewDirectory("peer");
        var url = new Uri(Free(Assert.Single(command, argument => argument.StartsWith("--Urls=", StringComparison.Ordinal)))["--Urls=".Length..]);
        var process = HostProcess.Start(loopback,
        [
            .. command.Select(argument => argument.Split('=')[0] switch
            {
                "--Urls" => $"--Urls={url.GetLeftPart(UriPartial.Authority)}",
                "--Data" => $"--Data={folder}",
                _ => Free(argument),
            }),
            "--Engine:ListenAddress=127.0.0.1",
            "--Engine:DhtBootstrap=",
        ]);
        return HostProcess.StartAsync(process, folder, url);
    }

    private static string Free(string argument) => PortAtEnd().Replace(argument, LoopbackFixture.FreePort(IPAddress.Loopback).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^dotnet run .*--project src/P2P\.Blazor -- (.*--Data=.*)$")]
    private static partial Regex RunCommand();

    [GeneratedRegex(@"\d+$")]
    private static partial Regex PortAtEnd();
}
