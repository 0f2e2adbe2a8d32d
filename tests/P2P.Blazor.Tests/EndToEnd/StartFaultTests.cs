using System.Net;
using System.Net.Sockets;
using Microsoft.Playwright;
using P2P.Blazor.Composition;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>What a person reads when the folder or the port already belongs to somebody.</summary>
[Collection(EndToEndGroup.Name)]
public sealed class StartFaultTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_second_process_on_one_folder_is_refused_in_one_sentence_and_the_first_goes_on()
    {
        EndToEndGroup.Require(OperatingSystem.IsLinux() ? null : "signals are Unix's");
        using var loopback = new LoopbackFixture();
        await using var first = await HostProcess.StartAsync(loopback);
        var instance = (await first.GetAsync("health")).GetProperty("instance").GetString();

        await using var second = HostProcess.Start(loopback, [.. HostProcess.Standard(first.Folder, out _), "--Engine:ListenPort=0", "--Engine:ListenAddress=127.0.0.1"]);
        var code = await second.UntilExitedAsync(EndToEndGroup.Patience);

        var sentence = $"The data directory {first.Folder}/state is in use by process {first.Id}; stop that process or choose another directory.";
        Assert.Equal(ExitCode.StateLocked, code);
        Assert.Contains(second.Output.Split('\n'), line => line == sentence);
        Assert.DoesNotContain("   at ", second.Output);
        Assert.Contains(sentence, first.Log);
        var health = await first.GetAsync("health");
        Assert.Equal(("ok", instance), (health.GetProperty("status").GetString(), health.GetProperty("instance").GetString()));
        Assert.Equal(0, await first.StopAsync());
    }

    [Fact]
    public async Task A_peer_port_in_use_is_told_everywhere_and_taken_when_it_is_free()
    {
        browser.RequireBrowser();
        using var loopback = new LoopbackFixture();
        var address = loopback.NextAddress();
        using var other = new TcpListener(address, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var host = await HostProcess.StartAsync(loopback, null, $"--Engine:ListenAddress={address}", $"--Engine:ListenPort={port}");
        await using var window = await browser.OpenAsync(host.Address);
        await window.GoAsync("/");

        var sentence = $"Port {port} is already in use by another program; it is tried again every 10 s.";
        var banner = window.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = sentence });
        await banner.WaitForAsync();
        await window.Page.GetByText("Not reachable by others").WaitForAsync();
        var session = await host.GetAsync("session");
        Assert.Equal((sentence, 0), (session.GetProperty("listenError").GetString(), session.GetProperty("listenPort").GetInt32()));
        var health = await host.GetAsync("health");
        Assert.Equal(("degraded", sentence), (health.GetProperty("status").GetString(), health.GetProperty("problems")[0].GetString()));
        Assert.Contains(sentence, host.Log);

        other.Stop();
        await host.UntilAsync(() => host.GetAsync("session"), answer => answer.GetProperty("listenPort").GetInt32() == port, TimeSpan.FromSeconds(20), "the port was not taken");
        await banner.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await window.Page.GetByText($"Listening on port {port}").WaitForAsync();
        Assert.Empty(window.Complaints);
    }
}
