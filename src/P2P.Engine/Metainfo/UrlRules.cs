using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>Which URLs of a .torrent may be kept. What a kept name resolves to is checked again at every connect.</summary>
internal static class UrlRules
{
    /// <summary>An announce URL: http, https, or udp with a port; null for anything else (tracker.scheme).</summary>
    public static string? Tracker(RawValue value) => TextOf(value) is { } text ? Tracker(text) : null;

    /// <summary>The same of a URL that is text already.</summary>
    public static string? Tracker(string text) =>
        Parse(text) is { } url && (IsHttp(url) || (url.Scheme == "udp" && url.Port > 0)) ? url.OriginalString : null;

    /// <summary>A web seed: http or https, and no address of this machine or its network (webseed.ssrf); null for anything else.</summary>
    public static string? WebSeed(RawValue value) => TextOf(value) is { } text && Parse(text) is { } url && IsHttp(url) && !IsLocal(url) ? url.OriginalString : null;

    /// <summary>Is the address one that the public internet cannot be meant by?</summary>
    public static bool IsLocal(IPAddress address)
    {
        var bytes = address.MapToIPv6().GetAddressBytes();
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
        {
            var (a, b) = (bytes[12], bytes[13]);
            return a is 0 or 10 or 127 or >= 224 || (a == 169 && b == 254) || (a == 172 && b is >= 16 and <= 31) || (a == 192 && b == 168)
                || (a == 100 && b is >= 64 and <= 127);
        }

        // Global unicast is 2000::/3; everything else is loopback, link-local, unique local, multicast or reserved.
        return (bytes[0] & 0xE0) != 0x20;
    }

    private static bool IsHttp(Uri url) => url.Scheme is "http" or "https";

    private static bool IsLocal(Uri url) =>
        url.IsLoopback
        || url.DnsSafeHost.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.DnsSafeHost, out var address) && IsLocal(address));

    private static string? TextOf(RawValue value) =>
        value.Text is { Length: > 0 and <= MetainfoLimits.UrlBytes } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    private static Uri? Parse(string untrimmed)
    {
        var text = untrimmed.Trim();
        if (text.Length > MetainfoLimits.UrlBytes || !text.Contains("://", StringComparison.Ordinal) || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url : null;
    }
}
