namespace P2P.Harness;

/// <summary>Kill and power-cut harness: proves on a real machine that nothing acknowledged is lost. See <see cref="Usage"/>.</summary>
internal static class Program
{
    private const string Usage = """
        P2P.Harness engine-kill     --rounds N [--canary] [--mib 256] [--seed S]   1,000 rounds take half an hour
        P2P.Harness engine-stop     --rounds N [--mib 64] [--seed S]
        P2P.Harness host-kill       --rounds N --host P2P.Blazor.dll [--mib 32] [--seed S]
        P2P.Harness engine-powercut --rounds N [--canary] [--mib 64] [--seed S]    needs root: ext4 on a loop device
        P2P.Harness store-powercut  --rounds N [--canary] [--seed S]               needs root
        P2P.Harness store-full                                                     needs root
        P2P.Harness seed            --torrent FILE [--mib 256] [--rate B/s]        the seed alone; writes FILE, prints its port
        P2P.Harness lsd             [--infohash HEX] [--port N] [--address A]      local discovery alone; prints whom it finds
        --verbose prints what the engine under test says.
        Exit code 0: as promised (with --canary: the sabotage was noticed); 1: not; 2: usage.
        """;

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        var options = new HarnessOptions(arguments);
        if (options.Command is "engine-powercut" or "store-powercut" or "store-full" && await LoopDisk.RunAloneAsync(arguments) is { } code)
        {
            return code;
        }

        switch (options.Command)
        {
            case "store-powercut":
                return await new StorePowerCut(options).RunAsync();
            case "store-full":
                return await new StoreFullDisk().RunAsync();
            case "engine-kill":
                return await new EngineKill(options).RunAsync();
            case "engine-stop":
                return await new EngineStop(options).RunAsync();
            case "host-kill":
                return await new HostKill(options).RunAsync();
            case "engine-powercut":
                return await new EnginePowerCut(options).RunAsync();
            case "seed":
                await ServeAsync(options);
                return 0;
            case "lsd":
                await LocalChild.RunAsync(options);
                return 0;
            case "store-child":
                await StoreStorm.RunAsync(options);
                return 0;
            case "engine-child":
                await EngineChild.RunAsync(options);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static async Task ServeAsync(HarnessOptions options)
    {
        var content = new SeedContent((long)options.Number("mib", 256) << 20, options.Seed);
        await File.WriteAllBytesAsync(options.Required("torrent"), content.TorrentFile);
        await using var seed = new ScriptedSeed(content) { BytesPerSecond = options.Number("rate", 0) };
        seed.BeginLife();
        Console.WriteLine($"{seed.Endpoint.Port} {content.Sha1}");
        await Console.In.ReadToEndAsync();
        Console.WriteLine($"{seed.Served} bytes served, {seed.VerifiedPieces} pieces verified");
    }
}
