using BenchmarkDotNet.Running;
using P2P.Engine.Benchmarks;

// speed [MiB] [rounds]   whole processes on loopback: ours and libtorrent, both ways, one table
// tracker [announces] [rounds]   our tracker and opentracker, 100,000 peers in one swarm, one table
// disk ..., peer ...     parts that need a program of their own
// anything else          BenchmarkDotNet's own switches, for example --filter *Picker*
switch (args.FirstOrDefault())
{
    case "speed":
        return await SpeedTable.RunAsync(args[1..]);
    case SpeedChild.Name:
        return await SpeedChild.RunAsync(args[1..]);
    case "tracker":
        return await TrackerTable.RunAsync(args[1..]);
    case TrackerChild.Name:
        return await TrackerChild.RunAsync(args[1..]);
    case "disk":
        return await DiskLoop.RunAsync(args[1..]);
    case "peer-loopback":
        await PeerLoopback.RunAsync(args[1..]);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
