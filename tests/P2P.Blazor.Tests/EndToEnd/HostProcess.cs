using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The real program as a process of its own, driven by its API: real engine, real files, page and peers on loopback only.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly ClientProcess _process;
    private readonly HttpClient _http;

    private HostProcess(ClientProcess process, string folder, Uri address)
    {
        _process = process;
        Folder = folder;
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address, "/api/v1/"), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Its --Data folder.</summary>
    public string Folder { get; }

    /// <summary>Where finished files are.</summary>
    public string SharedDirectory => Path.Combine(Folder, "shared");

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <summary>Its process id; a wrapper that replaces itself ("exec") keeps it.</summary>
    public int Id => _process.Id;

    /// <summary>What it wrote to the terminal, last lines.</summary>
    public string Output => _process.Output;

    /// <summary>The log it keeps on disk.</summary>
    public string Log
    {
        get
        {
            var text = new StringBuilder();
            foreach (var path in Directory.GetFiles(Path.Combine(Folder, "state", "logs")))
            {
                using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
                text.Append(reader.ReadToEnd());
            }

            return text.ToString();
        }
    }

    /// <summary>Starts it on a folder, an address and ports of its own and waits until it is well.</summary>
    /// <param name="loopback">Gives what it needs.</param>
    /// <param name="folder">Its data folder; null for a new one.</param>
    /// <param name="arguments">More settings, such as "--Engine:MaxUploadRate=1000".</param>
    public static async Task<HostProcess> StartAsync(LoopbackFixture loopback, string? folder = null, params string[] arguments)
    {
        var address = loopback.NextAddress();
        return await StartAsync(
            Start(loopback, [.. Standard(folder ??= loopback.NewDirectory("host"), out var url), $"--Engine:ListenAddress={address}", $"--Engine:ListenPort={LoopbackFixture.FreePort(address)}", .. arguments]),
            folder,
            url).ConfigureAwait(false);
    }

    /// <summary>Waits until a process started by <see cref="Start"/> or by other means is well.</summary>
    public static async Task<HostProcess> StartAsync(ClientProcess process, string folder, Uri url)
    {
        var host = new HostProcess(process, folder, url);
        try
        {
            await LoopbackFixture.UntilAsync(host.IsAnsweringAsync, StartTimeout, "the program does not answer").ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw new TimeoutException($"{exception.Message}; it wrote: {host.Output}", exception);
        }

        return host;
    }

    /// <summary>Starts the program with these arguments only.</summary>
    public static ClientProcess Start(LoopbackFixture loopback, IEnumerable<string> arguments)
    {
        var command = Command();
        return ClientProcess.Start(command[0], [.. command[1..], .. arguments], loopback.NewDirectory("cwd"));
    }

    /// <summary>The program and its first argument: the build of the same configuration as these tests, run by the same runtime.</summary>
    public static string[] Command()
    {
        var output = AppContext.BaseDirectory.Replace(Path.Combine("tests", "P2P.Blazor.Tests"), Path.Combine("src", "P2P.Blazor"), StringComparison.Ordinal);
        var runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return [runtime, Path.Combine(output, "P2P.Blazor.dll")];
    }

    /// <summary>The arguments every instance needs: its folder and a free port for the page.</summary>
    public static string[] Standard(string folder, out Uri url)
    {
        url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackFixture.FreePort(IPAddress.Loopback)}"));
        return [$"--Urls={url.GetLeftPart(UriPartial.Authority)}", $"--Data={folder}", "--Engine:MinTrackerInterval=00:00:05", "--Host:LogLevel=Debug", "--Engine:Dht=false", "--Engine:DhtBootstrap=", "--Engine:LocalDiscovery=false"];
    }

    /// <summary>GET of a path under /api/v1.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path).ConfigureAwait(false);
        var text = await answer.Content.ReadAsStringAsync().ConfigureAwait(false);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(text).RootElement : throw new InvalidOperationException($"GET {path} answered {answer.StatusCode}: {text}");
    }

    /// <summary>Changes settings while it runs.</summary>
    public async Task PatchSettingsAsync(object settings)
    {
        using var answer = await _http.PatchAsJsonAsync("settings", settings).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"PATCH settings answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync().ConfigureAwait(false)}");
        }
    }

    /// <summary>Adds and starts a torrent, as curl would.</summary>
    public async Task AddAsync(string torrentPath)
    {
        using var form = new MultipartFormDataContent();
        form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(torrentPath).ConfigureAwait(false)), "torrent", Path.GetFileName(torrentPath));
        using var answer = await _http.PostAsync("torrents", form).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            throw new InvalidOperationException($"The upload answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync().ConfigureAwait(false)}");
        }
    }

    /// <summary>One torrent, everything its row holds.</summary>
    public Task<JsonElement> TorrentAsync(InfoHash infoHash) => GetAsync($"torrents/{infoHash}");

    /// <summary>Waits for a state; says what was there instead.</summary>
    public Task<JsonElement> UntilStateAsync(InfoHash infoHash, string state, TimeSpan timeout) =>
        UntilAsync(() => TorrentAsync(infoHash), torrent => torrent.GetProperty("state").GetString() == state, timeout, $"state {state}");

    /// <summary>Asks until the answer fits; says what the last one was.</summary>
    public async Task<JsonElement> UntilAsync(Func<Task<JsonElement>> ask, Func<JsonElement, bool> fits, TimeSpan timeout, string what)
    {
        var last = default(JsonElement);
        try
        {
            await LoopbackFixture.UntilAsync(async () => fits(last = await ask().ConfigureAwait(false)), timeout, what).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}; instead: {last}; it wrote: {Output}", exception);
        }

        return last;
    }

    /// <summary>Where its peers reach it.</summary>
    public async Task<PeerEndpoint> EndpointAsync()
    {
        var session = await GetAsync("session").ConfigureAwait(false);
        return new PeerEndpoint(IPAddress.Parse(session.GetProperty("settings").GetProperty("listenAddress").GetString()!), session.GetProperty("listenPort").GetInt32());
    }

    /// <summary>Asks it to end as Ctrl+C or a shutdown would, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await _process.SignalAsync("TERM").ConfigureAwait(false);
        return await _process.UntilExitedAsync(TimeSpan.FromSeconds(40)).ConfigureAwait(false);
    }

    /// <summary>Ends it as the power button would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        await _process.SignalAsync("KILL").ConfigureAwait(false);
        await _process.UntilExitedAsync(TimeSpan.FromSeconds(20)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A file beside the repository that only some machines have; null when it is absent.</summary>
    internal static string? SharedData(string name)
    {
        var path = Path.GetFullPath(Path.Combine(FakeHost.RepositoryRoot(), "..", "shared", "data", name));
        return File.Exists(path) ? path : null;
    }

    private async Task<bool> IsAnsweringAsync()
    {
        if (_process.HasExited)
        {
            throw new TimeoutException("the program has ended");
        }

        try
        {
            using var answer = await _http.GetAsync("health").ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not yet
        }
    }
}
