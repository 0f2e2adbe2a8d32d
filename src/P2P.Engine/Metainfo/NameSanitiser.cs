using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace P2P.Engine.Metainfo;

/// <summary>Whose rules a file name must obey.</summary>
internal enum NamePlatform
{
    /// <summary>Linux and its kin: any character but '/' and NUL.</summary>
    Unix,

    /// <summary>Windows: devices, drives, streams, trailing dots; names that differ by case alone are one.</summary>
    Windows,
}

/// <summary>Turns a stranger's path component into a name that is safe, honest to look at, and as close to the original as can be.</summary>
/// <remarks>
/// The result is never empty, "." or "..", holds no separator of any platform, no control and no invisible direction or joining
/// character, and has at most 255 bytes of UTF-8. Bytes that are not UTF-8 become '_', one each. Idempotent. Not thread-safe.
/// </remarks>
internal sealed class NameSanitiser(NamePlatform platform)
{
    /// <summary>Names that begin like this are the engine's own (temporary and lock files); a torrent's get '_' before.</summary>
    public const string PrivatePrefix = ".p2p-";

    private const int MaxExtensionLength = 10;

    private static readonly FrozenSet<string> WindowsDevices = new[] { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$" }
        .Concat("0123456789\u00B9\u00B2\u00B3".SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" }))
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private char[] _buffer = new char[512];

    /// <summary>The rules of the machine this runs on.</summary>
    public static NamePlatform CurrentPlatform => OperatingSystem.IsWindows() ? NamePlatform.Windows : NamePlatform.Unix;

    /// <summary>The rules in use.</summary>
    public NamePlatform Platform => platform;

    /// <summary>How many names came out different from what they were.</summary>
    public int ChangedCount { get; private set; }

    /// <summary>Cleans one component, raw bytes as the torrent has them.</summary>
    public string Clean(ReadOnlySpan<byte> raw)
    {
        var path = new StringBuilder();
        AppendTo(path, raw);
        return path.ToString();
    }

    /// <summary>Cleans one component and appends it; the caller writes the '/' between.</summary>
    public void AppendTo(StringBuilder path, ReadOnlySpan<byte> raw)
    {
        var length = Decode(raw, out var isChanged);
        var name = _buffer.AsSpan(1, length); // cell 0 is kept for a prefix
        if (name is "" or "." or "..")
        {
            path.Append('_');
            ChangedCount++;
            return;
        }

        if (IsReserved(name))
        {
            _buffer[0] = '_';
            name = _buffer.AsSpan(0, length + 1);
            isChanged = true;
        }

        if (Encoding.UTF8.GetByteCount(name) > MetainfoLimits.NameBytes)
        {
            name = Fit(name, "");
            isChanged = true;
        }

        if (platform == NamePlatform.Windows && name[^1] is '.' or ' ')
        {
            name[^1] = '_'; // Windows drops it, and the name would then be another file's
            isChanged = true;
        }

        path.Append(name);
        ChangedCount += isChanged ? 1 : 0;
    }

    /// <summary>"name (2).txt" for ("name.txt", 2), within 255 bytes.</summary>
    public static string Numbered(ReadOnlySpan<char> name, int number) =>
        Fit(name, string.Create(CultureInfo.InvariantCulture, $" ({number})")).ToString();

    /// <summary>Shortens the part before the extension until it, <paramref name="suffix"/> and the extension have at most 255 bytes.</summary>
    private static Span<char> Fit(ReadOnlySpan<char> name, string suffix)
    {
        var dot = name.LastIndexOf('.');
        var hasExtension = dot > 0 && name.Length - dot - 1 is > 0 and <= MaxExtensionLength;
        var extension = hasExtension ? name[dot..] : [];
        var stem = hasExtension ? name[..dot] : name;
        var room = MetainfoLimits.NameBytes - suffix.Length - Encoding.UTF8.GetByteCount(extension);
        var kept = 0;
        foreach (var rune in stem.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
            {
                break;
            }

            kept += rune.Utf16SequenceLength;
        }

        return string.Concat(stem[..kept], suffix, extension).ToCharArray();
    }

    /// <summary>Fills the buffer from cell 1 on; a name has at most as many characters as bytes.</summary>
    private int Decode(ReadOnlySpan<byte> raw, out bool isChanged)
    {
        if (_buffer.Length <= raw.Length)
        {
            _buffer = new char[raw.Length + 1];
        }

        isChanged = false;
        var length = 0;
        var output = _buffer.AsSpan(1);
        while (!raw.IsEmpty)
        {
            var isText = Rune.DecodeFromUtf8(raw, out var rune, out var consumed) == OperationStatus.Done;
            raw = raw[consumed..];
            if (isText && !IsInvisible(rune.Value) && !IsForbidden(rune.Value))
            {
                length += rune.EncodeToUtf16(output[length..]);
                continue;
            }

            isChanged = true;
            if (!isText || !IsInvisible(rune.Value))
            {
                var count = isText ? 1 : consumed;
                output.Slice(length, count).Fill('_');
                length += count;
            }
        }

        return length;
    }

    /// <summary>Separators of any platform, controls, line separators, and what Windows has a meaning for.</summary>
    private bool IsForbidden(int rune) =>
        rune is < 0x20 or '/' or '\\' or (>= 0x7F and <= 0x9F) or 0x2028 or 0x2029
        || (platform == NamePlatform.Windows && rune is '<' or '>' or ':' or '"' or '|' or '?' or '*');

    /// <summary>Characters that show nothing and turn or glue the text around them, so that "exe.gpj" reads "jpg.exe".</summary>
    /// <remarks>The joiners U+200C and U+200D are kept: Persian and emoji need them.</remarks>
    private static bool IsInvisible(int rune) =>
        rune is 0xAD or 0x61C or 0x180E or 0x200B or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F)
            or 0xFEFF or (>= 0xFFF9 and <= 0xFFFB) or (>= 0xE0000 and <= 0xE007F);

    private bool IsReserved(ReadOnlySpan<char> name)
    {
        if (name.StartsWith(PrivatePrefix, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (platform != NamePlatform.Windows)
        {
            return false;
        }

        var dot = name.IndexOf('.');
        var device = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        return WindowsDevices.GetAlternateLookup<ReadOnlySpan<char>>().Contains(device);
    }
}
