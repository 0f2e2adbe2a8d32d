using System.Collections.Immutable;

namespace P2P.Blazor.Configuration;

/// <summary>The section "Host" and the addresses to serve the page on. Immutable.</summary>
internal sealed record HostSettings
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Host";

    /// <summary>Where the page is served unless told otherwise.</summary>
    public const string StandardUrl = "http://127.0.0.1:5080";

    /// <summary>Addresses to listen on, as given.</summary>
    public required ImmutableArray<string> Urls { get; init; }

    /// <summary>Host names to answer to besides loopback: "name" (any port) or "name:port".</summary>
    public ImmutableArray<string> AllowedNames { get; init; } = [];

    /// <summary>Least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Reads "Urls" (--urls, ASPNETCORE_URLS) or else "Host:Url"; throws <see cref="InvalidSettingsException"/> with every mistake.</summary>
    /// <remarks>
    /// Refused: any address that is not a loopback one, wherever it is configured. Nobody is asked for a password, so only this machine may reach the page.
    /// </remarks>
    public static HostSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var mistakes = new List<string>();
        string[] urls = (configuration["Urls"] ?? section["Url"] ?? StandardUrl).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>();
        mistakes.AddRange(urls.Concat(endpoints).Where(url => !IsLoopback(url)).Select(url =>
            $"The page cannot be served on \"{url}\": it has no password yet, so it listens on this machine only, for example {StandardUrl}."));
        if (!Enum.TryParse<LogLevel>(section["LogLevel"] ?? nameof(LogLevel.Information), ignoreCase: true, out var level) || !Enum.IsDefined(level))
        {
            mistakes.Add($"{Section}:LogLevel is \"{section["LogLevel"]}\"; it must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
        }

        return mistakes.Count == 0
            ? new HostSettings
            {
                Urls = [.. urls],
                AllowedNames = [.. section.GetSection("AllowedNames").GetChildren().Select(child => child.Value).OfType<string>().Where(name => name.Length > 0)],
                LogLevel = level,
            }
            : throw new InvalidSettingsException([.. mistakes]);
    }

    private static bool IsLoopback(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return false; // Not an address at all: refused with the same sentence, which shows a right one.
        }

        return string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (System.Net.IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && System.Net.IPAddress.IsLoopback(ip));
    }
}
