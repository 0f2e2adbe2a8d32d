using System.Globalization;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;

namespace P2P.Blazor.Benchmarks;

/// <summary>What the pages cost: server allocation and CPU a beat, bytes and frames on the wire, work of the browser, heap; each circuit's own share.</summary>
/// <remarks>
/// The server is a process of its own, so that the browser's driver is not counted. Its cost without any page open is measured first in the same
/// process and taken off; of both the median beat counts, so a page that was just closed is not in it. Bytes are counted before compression. A beat is a second, as in the real thing; nothing here is a test.
/// </remarks>
internal static class PageTable
{
    private const int Warming = 10;
    private const int KeepAlive = 3; // bytes of SignalR's ping
    /// <summary>Says how it is called.</summary>
    public static int Usage()
    {
        Console.WriteLine("page [beats of each measurement, 20] [part of the names of the rows to measure]");
        return 1;
    }

    /// <summary>Arguments: beats of each measurement; a part of a row's name, to measure those alone. Prints one table.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var beats = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20;
        await using var fixture = new BrowserFixture();
        await fixture.InitializeAsync();
        if (fixture.Missing is { } missing)
        {
            Console.WriteLine(missing);
            return 1;
        }

        Console.WriteLine("| Page | rows in DOM | alloc KB/beat | CPU ms/beat | payload KB/s | frames/beat | browser ms/s | first payload KB | heap MB/circuit |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        for (var number = 0; number < PageScene.All.Length; number++)
        {
            if (args.Length < 2 || PageScene.All[number].Name.Contains(args[1], StringComparison.OrdinalIgnoreCase))
            {
                Console.WriteLine(await MeasureAsync(fixture, number, beats));
            }
        }

        return 0;
    }

    private static async Task<string> MeasureAsync(BrowserFixture fixture, int number, int beats)
    {
        var scene = PageScene.All[number];
        var folder = Directory.CreateTempSubdirectory("p2p-page-").FullName;
        try
        {
            await using var server = ClientProcess.Start("dotnet", [typeof(PageTable).Assembly.Location, PageHost.Name, $"{number}"], folder, isDialogue: true);
            var hello = (await server.NextLineAsync(TimeSpan.FromSeconds(60))).Split(' ');
            var (address, path) = (new Uri(hello[0]), string.Format(CultureInfo.InvariantCulture, scene.Path, hello[1]));

            // As many circuits opened, moved and closed first: what is made or compiled once in a process is not a circuit's.
            List<BrowserWindow> before = [];
            for (var i = 0; i < PageScene.Circuits; i++)
            {
                before.Add(await OpenAsync(fixture, address, path, new Counts()));
            }

            await BeatsAsync(server, Warming);
            await CloseAsync(before);
            await BeatsAsync(server, 2);
            var alone = await BeatsAsync(server, beats);
            var heap = await AskAsync(server, "heap");

            var counts = new Counts();
            List<BrowserWindow> windows = [];
            for (var i = 0; i < PageScene.Circuits; i++)
            {
                windows.Add(await OpenAsync(fixture, address, path, counts));
            }

            var first = counts.Take().Bytes;
            await BeatsAsync(server, 3);
            counts.Take();
            if (scene.IsHidden)
            {
                foreach (var window in windows)
                {
                    await window.Page.EvaluateAsync("() => { Object.defineProperty(document, 'hidden', { get: () => true }); document.dispatchEvent(new Event('visibilitychange')); }");
                }

                await BeatsAsync(server, 1);
                counts.Take();
            }

            var rows = await windows[0].Page.EvaluateAsync<int>("() => document.querySelectorAll('main tr').length");
            var cdp = await windows[0].Page.Context.NewCDPSessionAsync(windows[0].Page);
            await cdp.SendAsync("Performance.enable");
            var workBefore = await WorkAsync(cdp);
            var open = await BeatsAsync(server, beats);
            var work = await WorkAsync(cdp) - workBefore;
            var (bytes, frames) = counts.Take();
            var held = (await AskAsync(server, "heap"))[0] - heap[0];
            await CloseAsync(windows);
            var each = (double)beats * PageScene.Circuits;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {scene.Name} | {rows} | {(open[0] - alone[0]) / PageScene.Circuits / 1024:0.0} | {(open[1] - alone[1]) / PageScene.Circuits:0.0} | {bytes / each / 1024:0.00} | {frames / each:0.0} | {work * 1000 / beats:0.0} | {first / PageScene.Circuits / 1024:0} | {held / PageScene.Circuits / 1048576:0.00} |");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<BrowserWindow> OpenAsync(BrowserFixture fixture, Uri address, string path, Counts counts)
    {
        var window = await fixture.OpenAsync(address);
        window.Page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => counts.Add(frame.Binary?.Length ?? frame.Text?.Length ?? 0);
        await window.GoAsync(path);
        await window.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        return window;
    }

    // A page that is left says so, and its circuit ends at once; a browser that just vanishes would leave it waiting for minutes.
    private static async Task CloseAsync(List<BrowserWindow> windows)
    {
        foreach (var window in windows)
        {
            await window.Page.GotoAsync("about:blank");
            await window.DisposeAsync();
        }
    }

    private static Task<double[]> BeatsAsync(ClientProcess server, int beats) => AskAsync(server, $"beats {beats}", beats + 60);

    private static async Task<double[]> AskAsync(ClientProcess server, string line, int seconds = 60) =>
        [.. (await server.AskAsync(line, TimeSpan.FromSeconds(seconds))).Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

    // Seconds the page's main thread was busy.
    private static async Task<double> WorkAsync(ICDPSession cdp)
    {
        var metrics = (await cdp.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics");
        return metrics.EnumerateArray().First(metric => metric.GetProperty("name").GetString() == "TaskDuration").GetProperty("value").GetDouble();
    }

    private sealed class Counts
    {
        private readonly Lock _lock = new();
        private long _bytes;
        private int _frames;

        public void Add(int bytes)
        {
            lock (_lock)
            {
                _bytes += bytes;
                _frames += bytes > KeepAlive ? 1 : 0;
            }
        }

        public (long Bytes, int Frames) Take()
        {
            lock (_lock)
            {
                var taken = (_bytes, _frames);
                (_bytes, _frames) = (0, 0);
                return taken;
            }
        }
    }
}
