using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Schemes a tracker may have.</summary>
internal enum TrackerScheme
{
    /// <summary>BEP 3.</summary>
    Http,

    /// <summary>BEP 3 over TLS.</summary>
    Https,

    /// <summary>BEP 15.</summary>
    Udp,
}

/// <summary>An announce URL that passed the rules for URLs out of a .torrent, taken apart. Immutable.</summary>
/// <remarks>
/// At most 2,048 printable ASCII characters; schemes http, https, udp; a host of letters, digits and hyphens or an address in its usual
/// form; no query keys that are the client's to set; a host of the local network is announced to at paths that begin with "/announce" only,
/// so that a .torrent cannot make us call other services there (R-H02 to R-H04, rows H09 to H17).
/// </remarks>
internal sealed class TrackerUrl
{
    /// <summary>Longest URL read, characters.</summary>
    public const int MaxLength = 2048;

    private const string AnnouncePath = "/announce";

    private TrackerUrl(string text, TrackerScheme scheme, string host, int port, string pathAndQuery)
    {
        Text = text;
        Scheme = scheme;
        Host = host;
        Port = port;
        PathAndQuery = pathAndQuery;
    }

    /// <summary>As given.</summary>
    public string Text { get; }

    /// <summary>How to talk to it.</summary>
    public TrackerScheme Scheme { get; }

    /// <summary>Name or address; an IPv6 address without brackets.</summary>
    public string Host { get; }

    /// <summary>1..65535, the scheme's default filled in.</summary>
    public int Port { get; }

    /// <summary>From the first slash on, without the fragment; "/" at least.</summary>
    public string PathAndQuery { get; }

    /// <summary>The address, when the host is one.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out var address) ? address : null;

    /// <summary>May this host lie in the local network: a local address, or a name without a dot, which no public tracker has?</summary>
    public bool IsLocal => Address is { } address ? !AddressScope.IsPublic(address) : !Host.Contains('.', StringComparison.Ordinal);

    /// <summary>Where to scrape (BEP 48): the last path component's "announce" becomes "scrape"; null when it does not begin so, or for UDP.</summary>
    public string? ScrapeUrl
    {
        get
        {
            if (Scheme == TrackerScheme.Udp)
            {
                return null;
            }

            var query = PathAndQuery.IndexOf('?', StringComparison.Ordinal);
            var path = query < 0 ? PathAndQuery : PathAndQuery[..query];
            var last = path.LastIndexOf('/');
            return path.AsSpan(last).StartsWith(AnnouncePath, StringComparison.Ordinal)
                ? $"{Origin}{path[..last]}/scrape{PathAndQuery[(last + AnnouncePath.Length)..]}"
                : null;
        }
    }

    /// <summary>Scheme, host and port as a URL writes them.</summary>
    public string Origin
    {
        get
        {
            var scheme = Scheme switch
            {
                TrackerScheme.Http => "http",
                TrackerScheme.Https => "https",
                _ => "udp",
            };
            var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
            return string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{Port}");
        }
    }

    /// <summary>Reads a URL, or says why it cannot be used (codes tracker.url, tracker.scheme, tracker.idn, tracker.ssrf).</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TrackerUrl? url, out (string Code, string Message) problem)
    {
        url = null;
        problem = Check(text, out var parsed);
        if (problem.Code.Length != 0)
        {
            return false;
        }

        url = parsed;
        return url is not null;
    }

    private static (string Code, string Message) Check(string text, out TrackerUrl? url)
    {
        url = null;
        if (text.Length > MaxLength)
        {
            return ("tracker.url", "The URL is longer than 2,048 characters.");
        }

        var afterScheme = text.IndexOf("://", StringComparison.Ordinal);
        if (afterScheme <= 0)
        {
            return ("tracker.url", "This is not a URL.");
        }

        TrackerScheme scheme;
        switch (text[..afterScheme].ToLowerInvariant())
        {
            case "http": scheme = TrackerScheme.Http; break;
            case "https": scheme = TrackerScheme.Https; break;
            case "udp": scheme = TrackerScheme.Udp; break;
            default: return ("tracker.scheme", "Only http, https and udp trackers can be used.");
        }

        var rest = text.AsSpan(afterScheme + 3);
        var authorityLength = rest.IndexOfAny('/', '?', '#');
        var authority = authorityLength < 0 ? rest : rest[..authorityLength];
        authority = authority[(authority.LastIndexOf('@') + 1)..];
        if (authority.ContainsAnyExceptInRange('\u0021', '\u007e'))
        {
            return ("tracker.idn", "The host name holds characters other than letters, digits and hyphens.");
        }

        if (rest.ContainsAnyExceptInRange('\u0021', '\u007e') || rest.IndexOfAny("\"<>\\^`{|}") >= 0)
        {
            return ("tracker.url", "The URL holds characters that must not stand in a URL.");
        }

        if (!TrySplit(authority, out var host, out var portText))
        {
            return ("tracker.url", "The URL names no usable host.");
        }

        if (CheckHost(host) is { Code.Length: > 0 } bad)
        {
            return bad;
        }

        var port = scheme switch
        {
            TrackerScheme.Http => 80,
            TrackerScheme.Https => 443,
            _ => 0,
        };
        if ((portText.Length > 0 && !int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port))
            || port is < 1 or > ushort.MaxValue)
        {
            return ("tracker.url", "The URL has no usable port.");
        }

        var path = authorityLength < 0 ? "/" : rest[authorityLength..].ToString();
        var fragment = path.IndexOf('#', StringComparison.Ordinal);
        path = fragment < 0 ? path : path[..fragment];
        url = new TrackerUrl(text, scheme, host, port, path.StartsWith('/') ? path : "/" + path);
        return CheckTarget(url);
    }

    private static bool TrySplit(ReadOnlySpan<char> authority, out string host, out ReadOnlySpan<char> port)
    {
        var end = authority.StartsWith("[") ? authority.IndexOf(']') + 1 : authority.IndexOf(':');
        end = end < 0 ? authority.Length : end;
        host = authority[..end].Trim("[]").ToString();
        port = authority[end..];
        if (host.Length == 0 || (port.Length > 0 && port[0] != ':'))
        {
            return false;
        }

        port = port.Length > 0 ? port[1..] : port;
        return true;
    }

    private static (string Code, string Message) CheckHost(string host)
    {
        if (host.Contains(':', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(host, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 && !host.Contains('%', StringComparison.Ordinal)
                ? ("", "")
                : ("tracker.url", "The URL names no usable host.");
        }

        if (host.Contains("xn--", StringComparison.OrdinalIgnoreCase))
        {
            return ("tracker.idn", "Host names with encoded foreign letters are refused: they can imitate another name.");
        }

        foreach (var label in host.Split('.'))
        {
            if (label.Length is 0 or > 63 || !label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                return ("tracker.url", "The URL names no usable host.");
            }
        }

        // The resolver reads "2130706433", "0x7f.1" and "127.1" as addresses: such spellings exist to slip past checks.
        var isOddAddress = IPAddress.TryParse(host, out var v4) && v4.ToString() != host;
        var lastLabel = host[(host.LastIndexOf('.') + 1)..];
        var looksNumeric = char.IsAsciiDigit(lastLabel[0]) && lastLabel.All(c => char.IsAsciiHexDigit(c) || c is 'x' or 'X');
        return isOddAddress || (v4 is null && looksNumeric)
            ? ("tracker.ssrf", "The address is not written in its usual form.")
            : ("", "");
    }

    private static (string Code, string Message) CheckTarget(TrackerUrl url)
    {
        var query = url.PathAndQuery.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0)
        {
            foreach (var pair in url.PathAndQuery[(query + 1)..].Split('&'))
            {
                var key = Uri.UnescapeDataString(pair.Split('=')[0]);
                if (key is "info_hash" or "peer_id" or "port" or "event" or "left" or "uploaded" or "downloaded")
                {
                    return ("tracker.ssrf", $"The URL already sets \"{key}\", which is the client's to say.");
                }
            }
        }

        if (url.Address is { } address && (!AddressScope.IsHost(address) || AddressScope.IsLinkLocal(address)))
        {
            return ("tracker.ssrf", "No tracker can have this address.");
        }

        return url.Scheme != TrackerScheme.Udp && url.IsLocal && !url.PathAndQuery.StartsWith(AnnouncePath, StringComparison.Ordinal)
            ? ("tracker.ssrf", "A tracker in the local network must have a path that begins with /announce.")
            : ("", "");
    }
}
