using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using P2P.Blazor.Composition;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Composition;

/// <summary>What the process answers when it cannot start. No port is opened: a start fails before the web server.</summary>
public sealed class ClientHostTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("p2p-start-").FullName;
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _error.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Run_StateLocked_Is4WithOneSentenceHereAndInTheLog()
    {
        var code = await RunAsync(new TorrentEngineException("state.locked", "Another process uses this data directory."));
        Assert.Equal(ExitCode.StateLocked, code);
        Assert.Equal("Another process uses this data directory.", _error.ToString().TrimEnd());
        var log = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(_root, "state", "logs"))), TestContext.Current.CancellationToken);
        Assert.Contains("Another process uses this data directory.", log);
        Assert.DoesNotContain("   at ", log);
    }

    [Fact]
    public async Task Run_WebPortInUse_Is3WithOneSentence()
    {
        var code = await RunAsync(new IOException("Failed to bind.", new AddressInUseException("in use")));
        Assert.Equal(ExitCode.WebPortInUse, code);
        Assert.StartsWith("The page cannot be served on http://127.0.0.1:5080: another program uses that port.", Assert.Single(_error.ToString().TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task Run_DiskRefuses_Is1WithItsSentence()
    {
        Assert.Equal(ExitCode.Failed, await RunAsync(new TorrentEngineException("disk.read_only", "The data directory cannot be written.")));
        Assert.Equal("The data directory cannot be written.", _error.ToString().TrimEnd());
    }

    [Fact]
    public async Task Run_WrongSettings_Is2WithEveryMistake()
    {
        Assert.Equal(ExitCode.InvalidSettings, await RunAsync(new InvalidOperationException("never reached"), "--Engine:ListenPort", "70000", "--Engine:RegularSlots", "0"));
        Assert.Equal(2, _error.ToString().TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Run_BeyondLoopback_Is2WithOneSentence()
    {
        Assert.Equal(ExitCode.InvalidSettings, await RunAsync(new InvalidOperationException("never reached"), "--Urls", "http://0.0.0.0:5080"));
        Assert.Contains("listens on this machine only", Assert.Single(_error.ToString().TrimEnd().Split('\n')));
        Assert.False(Directory.Exists(Path.Combine(_root, "state")));
    }

    [Fact]
    public async Task Run_DataDirectoryIsAFile_Is2WithOneSentence()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "state"), "", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.InvalidSettings, await RunAsync(new InvalidOperationException("never reached")));
        Assert.Contains("data directory", Assert.Single(_error.ToString().TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task Run_Always_KeepsStatePrivate()
    {
        await RunAsync(new TorrentEngineException("state.locked", "Locked."));
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are Unix's.");
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(_root, "state")));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(_root, "state", "keys")));
    }

    [Fact]
    public void Find_ContentRoot_IsHereOrAtOrAboveTheProgram()
    {
        var (site, program, elsewhere) = (Path.Combine(_root, "site"), Path.Combine(_root, "site", "bin", "x"), Path.Combine(_root, "elsewhere"));
        Directory.CreateDirectory(program);
        Directory.CreateDirectory(elsewhere);
        Assert.Equal(elsewhere, ContentRoot.Find(elsewhere, program));
        Directory.CreateDirectory(Path.Combine(site, "wwwroot"));
        File.WriteAllText(Path.Combine(site, "appsettings.json"), "{}");
        Assert.Equal(site, ContentRoot.Find(elsewhere, program));
        Assert.Equal(site, ContentRoot.Find(site, elsewhere));
    }

    private Task<int> RunAsync(Exception failure, params string[] more) => ClientHost.RunAsync(
        [
            "--contentRoot", FakeHost.RepositoryRoot(), "--Host:LogLevel", "Critical",
            "--Engine:DataDirectory", Path.Combine(_root, "state"),
            "--Engine:IncompleteDirectory", Path.Combine(_root, "incomplete"),
            "--Engine:SharedDirectory", Path.Combine(_root, "shared"),
            .. more,
        ],
        _error,
        services =>
        {
            services.RemoveAll<IHostedService>();
            services.AddSingleton<IHostedService>(new FailingStart(failure));
        });

    private sealed class FailingStart(Exception failure) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromException(failure);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
