using System.Text;
using static System.FormattableString;

namespace P2P.Engine.Primitives;

/// <summary>The 20 bytes a client calls itself in the handshake, and the client's name read from them.</summary>
/// <remarks>Source: BEP 3, BEP 20 (Azureus style "-XX1234-" and Shadow style). Never used as an identity that proves anything.</remarks>
public readonly struct PeerId : IEquatable<PeerId>
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 20;

    private readonly InfoHash _bytes; // the same 20-byte value shape

    /// <summary>Takes the first 20 bytes; shorter input throws <see cref="ArgumentException"/>.</summary>
    public PeerId(ReadOnlySpan<byte> bytes) => _bytes = new InfoHash(bytes);

    /// <summary>A new id of ours: "-P20100-" and 12 random bytes.</summary>
    internal static PeerId Create(Random random)
    {
        Span<byte> bytes = stackalloc byte[Length];
        random.NextBytes(bytes);
        "-P20100-"u8.CopyTo(bytes);
        return new PeerId(bytes);
    }

    /// <summary>Writes the 20 bytes.</summary>
    public void CopyTo(Span<byte> destination) => _bytes.CopyTo(destination);

    /// <summary>The 20 bytes as a new array.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>Byte-wise order, as unsigned numbers of 20 bytes.</summary>
    internal int CompareTo(PeerId other) => _bytes.CompareTo(other._bytes);

    /// <inheritdoc/>
    public bool Equals(PeerId other) => _bytes == other._bytes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PeerId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _bytes.GetHashCode();

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(PeerId left, PeerId right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(PeerId left, PeerId right) => !left.Equals(right);

    /// <summary>Printable ASCII of the id, other bytes as '.'.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Length);
        foreach (var value in ToArray())
        {
            text.Append(value is > 0x20 and < 0x7F ? (char)value : '.');
        }

        return text.ToString();
    }

    /// <summary>"Transmission 4.0.5", or "Unknown" when the id follows no known style. Only letters we put there ourselves and digits.</summary>
    public string ClientName()
    {
        var id = Encoding.Latin1.GetString(ToArray());
        if (id.StartsWith("A2-", StringComparison.Ordinal))
        {
            return $"aria2 {DashedVersion(id.AsSpan(3))}".TrimEnd();
        }

        if (id[0] != '-' || id[7] != '-' || NameOf(id.AsSpan(1, 2)) is not { } name)
        {
            return "Unknown";
        }

        Span<int> parts = stackalloc int[4];
        for (var i = 0; i < 4; i++)
        {
            parts[i] = DigitOf(id[3 + i]);
            if (parts[i] < 0 && i < 3) // the fourth place is often a mark for betas
            {
                return name;
            }
        }

        var (major, minor, patch, last) = (parts[0], parts[1], parts[2], parts[3]);
        return name switch
        {
            // Until 3.00 Transmission's version had two parts, the second of two digits.
            "Transmission" when major < 4 => Invariant($"{name} {major}.{minor}{patch}"),
            "WebTorrent" or "WebTorrent Desktop" when last >= 0 => Invariant($"{name} {(major * 10) + minor}.{(patch * 10) + last}"),
            _ => Invariant($"{name} {major}.{minor}.{patch}"),
        };
    }

    private static string? NameOf(ReadOnlySpan<char> code) => code switch
    {
        "P2" => "P2P.Blazor",
        "TR" => "Transmission",
        "qB" => "qBittorrent",
        "LT" => "libtorrent",
        "lt" => "rTorrent",
        "UT" => "uTorrent",
        "DE" => "Deluge",
        "AZ" => "Vuze",
        "BI" => "BiglyBT",
        "WW" => "WebTorrent",
        "WD" => "WebTorrent Desktop",
        "MO" => "MonoTorrent",
        "KT" => "KTorrent",
        "TX" => "Tixati",
        "GT" => "anacrolix",
        "rQ" => "rqbit",
        _ => null,
    };

    /// <summary>Azureus style counts on after 9 with letters; -1 for anything else.</summary>
    private static int DigitOf(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'A' and <= 'Z' => digit - 'A' + 10,
        >= 'a' and <= 'z' => digit - 'a' + 36,
        _ => -1,
    };

    /// <summary>"1.36.0" from "1-36-0-..." (aria2 has no dash before its letters); empty when it is not written like that.</summary>
    private static string DashedVersion(ReadOnlySpan<char> text)
    {
        var version = new StringBuilder();
        for (var part = 0; part < 3; part++)
        {
            var dash = text.IndexOf('-');
            if (dash is < 1 or > 3 || text[..dash].ContainsAnyExceptInRange('0', '9'))
            {
                return "";
            }

            version.Append(part == 0 ? "" : ".").Append(text[..dash]);
            text = text[(dash + 1)..];
        }

        return version.ToString();
    }
}
