using P2P.Engine.Benchmarks;

switch (args.FirstOrDefault())
{
    case "peer-loopback":
        await PeerLoopback.RunAsync(args[1..]);
        break;
    default:
        Console.WriteLine("Usage: peer-loopback [both|receive|send] [GiB] [port] [inline]");
        break;
}
