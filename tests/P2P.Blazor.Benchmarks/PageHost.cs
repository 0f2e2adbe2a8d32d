using System.Diagnostics;
using System.Globalization;
using P2P.Blazor.Tests.Browser;

namespace P2P.Blazor.Benchmarks;

/// <summary>The process measured: the real host around a made-up session. It prints its address, then obeys one line at a time.</summary>
/// <remarks>"beats N": N beats, one a second, then "bytes allocated, CPU milliseconds" of the median one; "heap": live bytes after a full collection.</remarks>
internal static class PageHost
{
    /// <summary>First argument that starts it; the second is the scene's number.</summary>
    public const string Name = "page-host";

    /// <summary>Serves until its standard input ends.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var scene = PageScene.All[int.Parse(args[0], CultureInfo.InvariantCulture)];
        using var host = new LiveHost(scene.Make(), port: 0);
        Console.WriteLine($"{host.Address} {host.Engine.Torrents[0].InfoHash}");
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        using var self = Process.GetCurrentProcess();
        var beat = 0;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "heap")
            {
                Console.WriteLine(GC.GetTotalMemory(forceFullCollection: true));
                continue;
            }

            var beats = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            await timer.WaitForNextTickAsync();
            var (allocated, cpu) = (new double[beats], new double[beats]);
            for (var i = 0; i < beats; i++)
            {
                self.Refresh();
                var (allocatedBefore, cpuBefore) = (GC.GetTotalAllocatedBytes(precise: true), self.TotalProcessorTime);
                scene.Move(host.Engine, beat++);
                host.Tick(moves: _ => false);
                await timer.WaitForNextTickAsync();
                self.Refresh();
                allocated[i] = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
                cpu[i] = (self.TotalProcessorTime - cpuBefore).TotalMilliseconds;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Median(allocated)} {Median(cpu):0.0}"));
        }

        return 0;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
