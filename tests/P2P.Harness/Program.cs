namespace P2P.Harness;

/// <summary>Kill and power-cut harness: proves on a real machine that nothing acknowledged is lost. See <see cref="Usage"/>.</summary>
internal static class Program
{
    private const string Usage = """
        P2P.Harness store-powercut  --rounds N [--canary no-flush] [--seed S]   needs root: ext4 on a loop device
        P2P.Harness engine-kill     --rounds N [--canary] [--mib 256] [--seed S]
        P2P.Harness engine-powercut --rounds N [--canary] [--mib 64] [--seed S]  needs root
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
        switch (options.Command)
        {
            case "store-powercut":
                return await new StorePowerCut(options).RunAsync();
            case "engine-kill":
                return 2;
            case "engine-powercut":
                return 2;
            case "store-child":
                await StoreStorm.RunAsync(options);
                return 0;
            case "engine-child":
                return 2;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}
