using System.Globalization;

namespace P2P.Engine.Discovery;

/// <summary>A node's name and port as people write it. Pure.</summary>
internal static class BootstrapNode
{
    /// <summary>Reads "host:port" or "[::1]:port"; the host is a name or an address, at most 253 characters.</summary>
    public static bool TryParse(string? text, out string host, out int port)
    {
        (host, port) = ("", 0);
        var colon = text?.LastIndexOf(':') ?? -1;
        if (text is null || colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65_535)
        {
            return false;
        }

        host = text[..colon].Trim('[', ']');
        return host.Length <= 253 && Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;
    }

    /// <summary>What a person typed, cut to what fits into a sentence.</summary>
    public static string Shown(string text) => text.Length <= 64 ? text : text[..64];
}
