using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace P2P.Harness;

/// <summary>kill -9 of the whole program during a download driven by its API: what was answered with 2xx is there, the download goes on (FT01, N1).</summary>
internal sealed class HostKill(HarnessOptions options)
{
    // Milliseconds from the moment the API answers to the kill.
    private const int LongestLife = 1500;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    private readonly SeedContent _content = new((long)options.Number("mib", 32) << 20, options.Seed);
    private readonly Uri _url = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var watch = Stopwatch.StartNew();
        await using var seed = new ScriptedSeed(_content);
        seed.BytesPerSecond = _content.Length * 2000 / (LongestLife * (options.Rounds + 1));
        var root = Directory.CreateTempSubdirectory("p2p-host-").FullName;
        using var http = new HttpClient { BaseAddress = _url };
        try
        {
            var forgotten = 0;
            for (var round = 0; round < options.Rounds; round++)
            {
                using var host = await StartAsync(http, root, seed);
                forgotten += await GoOnAsync(http, seed, isNew: round == 0) ? 0 : 1;
                for (var end = Environment.TickCount64 + random.Next(0, LongestLife); Environment.TickCount64 < end;)
                {
                    await NoteAsync(http, seed);
                }

                await host.KillAsync();
            }

            seed.BytesPerSecond = 0;
            var isRight = false;
            using (var host = await StartAsync(http, root, seed))
            {
                forgotten += await GoOnAsync(http, seed, isNew: options.Rounds == 0) ? 0 : 1;
                await UntilAsync(async () => (await NoteAsync(http, seed)) == "seeding", "the torrent does not seed");
                isRight = await EngineRun.Sha1Async(Path.Combine(root, "shared", _content.Name)) == _content.Sha1;
                await host.KillAsync();
            }

            Console.WriteLine(
                $"host-kill: {options.Rounds} kills, file {(isRight ? "right" : "WRONG")}, {seed.VerifiedBytesFetchedAgain} verified bytes fetched again, "
                + $"{forgotten} times forgotten, {seed.Served - _content.Length} bytes served beyond the content, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
            return isRight && forgotten == 0 && seed.VerifiedBytesFetchedAgain == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private async Task<ChildProcess> StartAsync(HttpClient http, string root, ScriptedSeed seed)
    {
        seed.BeginLife();
        var host = new ChildProcess(
            [
                Path.GetFullPath(options.Required("host")), "--urls", _url.GetLeftPart(UriPartial.Authority), "--Engine:Data", root,
                "--Engine:ListenAddress", "127.0.0.1", "--Engine:ListenPort", "0", "--Engine:Dht", "false", "--Engine:DhtBootstrap", "", "--Engine:LocalDiscovery", "false", "--Host:LogLevel", "Warning",
            ],
            "dotnet");
        try
        {
            await UntilAsync(() => IsUpAsync(http, host), "the program does not answer");
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static async Task<bool> IsUpAsync(HttpClient http, ChildProcess host)
    {
        if (host.HasExited)
        {
            throw new InvalidOperationException("The program ended by itself: " + await host.WaitForAsync(""));
        }

        try
        {
            using var answer = await http.GetAsync("/health");
            return true;
        }
        catch (HttpRequestException)
        {
            return false; // not yet
        }
    }

    /// <summary>Adds the torrent, or finds it again, and names the seed; false when it is not there.</summary>
    private async Task<bool> GoOnAsync(HttpClient http, ScriptedSeed seed, bool isNew)
    {
        if (isNew)
        {
            using var form = new MultipartFormDataContent { { new ByteArrayContent(_content.TorrentFile), "torrent", "harness.torrent" } };
            using var added = await http.PostAsync("/api/v1/torrents", form);
            added.EnsureSuccessStatusCode();
        }

        using var answer = await http.PostAsJsonAsync(Address + "/peers", new { endpoint = seed.Endpoint.ToString() });
        return answer.IsSuccessStatusCode;
    }

    private string Address => "/api/v1/torrents/" + Convert.ToHexStringLower(_content.InfoHash);

    /// <summary>Tells the seed what the program says it has; returns the torrent's state.</summary>
    private async Task<string?> NoteAsync(HttpClient http, ScriptedSeed seed)
    {
        await Task.Delay(Beat);
        using var pieces = JsonDocument.Parse(await http.GetStringAsync(Address + "/pieces"));
        var bits = pieces.RootElement.GetProperty("bitfield").GetBytesFromBase64();
        for (var piece = 0; piece < _content.PieceCount; piece++)
        {
            if ((bits[piece / 8] & (0x80 >> (piece % 8))) != 0)
            {
                seed.NoteVerified(piece);
            }
        }

        using var row = JsonDocument.Parse(await http.GetStringAsync(Address));
        return row.RootElement.GetProperty("state").GetString();
    }

    private static async Task UntilAsync(Func<Task<bool>> isTrue, string otherwise)
    {
        for (var end = Environment.TickCount64 + (long)Limit.TotalMilliseconds; !await isTrue();)
        {
            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"After {Limit.TotalSeconds} s {otherwise}.");
            }

            await Task.Delay(Beat);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
