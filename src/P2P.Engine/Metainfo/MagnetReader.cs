using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>Reads magnet links (BEP 9, 53) and bare infohashes; throws only <see cref="MetainfoException"/>. Stateless outside one call.</summary>
internal sealed class MagnetReader
{
    /// <summary>Characters of a link (reliability.md 2.3).</summary>
    public const int MaxLength = 16_384;

    /// <summary>Announce URLs taken.</summary>
    public const int MaxTrackers = 100;

    /// <summary>Peers taken.</summary>
    public const int MaxPeers = 50;

    private const int MaxParameters = 1_000;
    private const int MaxRanges = 10_000;
    private const string Prefix = "magnet:";
    private const string V1 = "urn:btih:";
    private const string V2 = "urn:btmh:";
    private const string Remedy = "copy the whole link again.";

    private readonly ImmutableArray<string>.Builder _trackers = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<PeerEndpoint>.Builder _peers = ImmutableArray.CreateBuilder<PeerEndpoint>();
    private readonly List<string> _warnings = [];
    private InfoHash? _infoHash;
    private string? _name;
    private ImmutableArray<(int First, int Last)> _selected = [];
    private int _ignoredTrackers;
    private int _ignoredPeers;
    private bool _hasV2;

    /// <summary>Reads a link, or 40 hex or 32 base32 digits.</summary>
    public static MagnetLink Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.Length > MaxLength)
        {
            throw new MetainfoException("magnet.too_long", $"The magnet link is longer than {MaxLength} characters; {Remedy}");
        }

        return TryReadHash(trimmed, out var bare)
            ? new MagnetLink { InfoHash = bare }
            : new MagnetReader().ReadLink(trimmed);
    }

    private MagnetLink ReadLink(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            throw new MetainfoException("magnet.no_hash", "That is no magnet link and no infohash; a link begins with magnet:?xt=urn:btih:");
        }

        var parameters = text[Prefix.Length..].TrimStart('?').Split('&', MaxParameters + 1, StringSplitOptions.RemoveEmptyEntries);
        if (parameters.Length > MaxParameters)
        {
            throw new MetainfoException("magnet.too_long", $"The magnet link has more than {MaxParameters} parts; {Remedy}");
        }

        foreach (var parameter in parameters)
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                Take(KeyOf(parameter[..equals]), parameter[(equals + 1)..]);
            }
        }

        Warn(_ignoredTrackers, "tracker was ignored, because its address cannot be used.", "trackers were ignored, because their addresses cannot be used.");
        Warn(_ignoredPeers, "peer was ignored, because its address cannot be used.", "peers were ignored, because their addresses cannot be used.");
        return new MagnetLink
        {
            InfoHash = _infoHash ?? throw (_hasV2
                ? new MetainfoException("torrent.v2_only", "This link names a v2 torrent, which cannot be transferred yet; ask for one with a v1 hash (btih), too.")
                : new MetainfoException("magnet.no_hash", $"The magnet link names no torrent (it has no xt=urn:btih: part); {Remedy}")),
            Name = _name,
            Trackers = _trackers.ToImmutable(),
            Peers = _peers.ToImmutable(),
            SelectedFiles = _selected,
            Warnings = [.. _warnings],
        };
    }

    // "tr.1", "xt.2": some programs number repeated keys.
    private static string KeyOf(string key)
    {
        var dot = key.LastIndexOf('.');
        var stem = dot > 0 && key[(dot + 1)..].All(char.IsAsciiDigit) ? key[..dot] : key;
        return stem.ToUpperInvariant();
    }

    private void Take(string key, string value)
    {
        switch (key)
        {
            case "XT": TakeHash(Unescape(value)); break;
            case "DN": TakeName(value); break;
            case "TR": TakeTracker(Unescape(value)); break;
            case "X.PE": TakePeer(Unescape(value)); break;
            case "SO": TakeSelection(Unescape(value)); break;
            default: break; // xs, as, ws, kt, mt and whatever comes later: nothing is fetched on their word (R-M01)
        }
    }

    private void TakeHash(string topic)
    {
        if (topic.StartsWith(V2, StringComparison.OrdinalIgnoreCase))
        {
            var digits = topic[V2.Length..];
            if (digits.Length != 68 || !digits.StartsWith("1220", StringComparison.Ordinal) || !digits.All(char.IsAsciiHexDigit))
            {
                throw BadHash();
            }

            _hasV2 = true;
            return;
        }

        if (!topic.StartsWith(V1, StringComparison.OrdinalIgnoreCase))
        {
            return; // a link may name the same content for other networks, too
        }

        if (!TryReadHash(topic[V1.Length..], out var infoHash))
        {
            throw BadHash();
        }

        if (_infoHash is { } known && known != infoHash)
        {
            throw new MetainfoException("magnet.multiple", "The magnet link names two different torrents; add them one by one.");
        }

        _infoHash = infoHash;
    }

    private static MetainfoException BadHash() => new("magnet.hash", $"The infohash in the magnet link is damaged (it has 40 hex or 32 base32 digits); {Remedy}");

    private void TakeName(string value)
    {
        if (_name is null)
        {
            var name = new NameSanitiser(NameSanitiser.CurrentPlatform).Clean(Encoding.UTF8.GetBytes(Unescape(value.Replace('+', ' '))));
            _name = name is "_" ? null : name;
        }
    }

    private void TakeTracker(string url)
    {
        if (UrlRules.Tracker(url) is not { } usable || _trackers.Count >= MaxTrackers)
        {
            _ignoredTrackers++;
        }
        else if (!_trackers.Contains(usable))
        {
            _trackers.Add(usable);
        }
    }

    // Names are never resolved, and a link from a stranger may not make us dial this machine or its low ports (row G12).
    private void TakePeer(string text)
    {
        if (PeerEndpoint.TryParse(text, out var endpoint) && endpoint is { IsConnectable: true, Port: >= 1024 } && !IPAddress.IsLoopback(endpoint.Address) && _peers.Count < MaxPeers)
        {
            if (!_peers.Contains(endpoint))
            {
                _peers.Add(endpoint);
            }
        }
        else
        {
            _ignoredPeers++;
        }
    }

    private void TakeSelection(string text)
    {
        var parts = text.Split(',', MaxRanges + 1);
        if (parts.Length > MaxRanges)
        {
            throw new MetainfoException("magnet.select", $"The magnet link selects files in more than {MaxRanges} pieces; add it without its \"so\" part and choose here.");
        }

        var ranges = ImmutableArray.CreateBuilder<(int, int)>();
        foreach (var part in parts)
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            var (first, last) = dash < 0 ? (part, part) : (part[..dash], part[(dash + 1)..]);
            if (TryIndex(first, out var from) && TryIndex(last, out var to) && from <= to)
            {
                ranges.Add((from, to));
            }
        }

        _selected = ranges.ToImmutable();
    }

    private static bool TryIndex(string text, out int index)
    {
        var isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        index = (int)Math.Min(number, MetainfoLimits.Files);
        return isNumber;
    }

    private static bool TryReadHash(string digits, out InfoHash infoHash)
    {
        if (InfoHash.TryParse(digits, out infoHash))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[InfoHash.Length];
        if (digits.Length != 32 || !TryBase32(digits, bytes))
        {
            return false;
        }

        infoHash = new InfoHash(bytes);
        return true;
    }

    private static bool TryBase32(string digits, Span<byte> bytes)
    {
        var (bits, count, index) = (0u, 0, 0);
        foreach (var digit in digits)
        {
            var value = char.ToUpperInvariant(digit) switch
            {
                >= 'A' and <= 'Z' and var letter => letter - 'A',
                >= '2' and <= '7' => digit - '2' + 26,
                _ => -1,
            };
            if (value < 0 || !char.IsAscii(digit))
            {
                return false;
            }

            bits = (bits << 5) | (uint)value;
            count += 5;
            if (count >= 8)
            {
                count -= 8;
                bytes[index++] = (byte)(bits >> count);
            }
        }

        return true;
    }

    // Never throws: a percent sign that begins no code stays what it is (row G07).
    private static string Unescape(string text) => Uri.UnescapeDataString(text);

    private void Warn(int count, string one, string many)
    {
        if (count > 0)
        {
            _warnings.Add(count == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{count} {many}"));
        }
    }
}
