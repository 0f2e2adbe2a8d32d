using System.Globalization;

namespace P2P.Harness;

/// <summary>The command line: a command, then --name or --name value. Unknown names are ignored.</summary>
internal sealed class HarnessOptions(string[] arguments)
{
    /// <summary>What to do.</summary>
    public string Command { get; } = arguments[0];

    /// <summary>Faults to cause.</summary>
    public int Rounds => Number("rounds", 10);

    /// <summary>Sabotage, so that the harness has something to find.</summary>
    public bool IsCanary => Has("canary");

    /// <summary>Seed of all choices, printed with the results.</summary>
    public int Seed => Number("seed", 20261122);

    /// <summary>Is the name there?</summary>
    public bool Has(string name) => Array.IndexOf(arguments, "--" + name) >= 0;

    /// <summary>The value after the name; null when absent.</summary>
    public string? Text(string name) =>
        Array.IndexOf(arguments, "--" + name) is var at and >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;

    /// <summary>The value after the name, which must be there.</summary>
    public string Required(string name) => Text(name) ?? throw new ArgumentException($"--{name} is missing.");

    /// <summary>The number after the name.</summary>
    public int Number(string name, int otherwise) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
