using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Issue 2, item 2: the process dies at any moment and nothing verified is lost. Runs the built harness, which kills children of its own.</summary>
/// <remarks>1,000 rounds: <c>P2P.Harness engine-kill --rounds 1000</c>; power cuts, which need root: <c>P2P.Harness engine-powercut --rounds 100</c>.</remarks>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    [Fact]
    public Task Fifty_kills_during_a_download_lose_nothing() => RunAsync("engine-kill", "--rounds", "50");

    /// <summary>The harness would notice: with the journal of written pieces hidden from the engine, verified bytes are fetched again.</summary>
    [Fact]
    public Task A_kill_with_the_recovery_disabled_is_noticed() => RunAsync("engine-kill", "--rounds", "4", "--mib", "32", "--canary");

    [Fact]
    public Task Clean_stops_keep_the_blocks_of_unfinished_pieces() => RunAsync("engine-stop", "--rounds", "8", "--mib", "32");

    [Fact]
    public Task The_whole_program_goes_on_after_a_kill() => RunAsync("host-kill", "--rounds", "3", "--mib", "16", "--host", BuiltFile.Host);

    private async Task RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The harness reads /proc and sends SIGKILL.");
        await using var harness = ClientProcess.Start(BuiltFile.Harness, arguments, AppContext.BaseDirectory);
        var code = await harness.UntilExitedAsync(Timeout);
        output.WriteLine(harness.Output);
        Assert.True(code == 0, harness.Output);
    }
}
