using System.Text;

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

    /// <summary>"Transmission 3.0.0", or "Unknown" when the id follows no known style. Only letters we put there ourselves and digits.</summary>
    public string ClientName()
    {
        var id = ToArray();
        if (id[0] != '-' || id[7] != '-')
        {
            return "Unknown";
        }

        var code = Encoding.Latin1.GetString(id, 1, 2);
        var name = code switch
        {
            "P2" => "P2P.Blazor",
            "TR" => "Transmission",
            "qB" => "qBittorrent",
            "LT" or "lt" => code == "LT" ? "libtorrent" : "rTorrent",
            "UT" => "uTorrent",
            "DE" => "Deluge",
            "A2" => "aria2",
            "AZ" => "Vuze",
            "BI" => "BiglyBT",
            "WW" => "WebTorrent",
            "WD" => "WebTorrent Desktop",
            "MO" => "MonoTorrent",
            "KT" => "KTorrent",
            "TX" => "Tixati",
            "GT" => "anacrolix",
            "rQ" => "rqbit",
            _ => "Unknown",
        };
        if (name == "Unknown")
        {
            return name;
        }

        // aria2 writes "-A2-1-36-0-"; every other client four digits or letters.
        var version = new StringBuilder();
        foreach (var digit in id.AsSpan(3, 3))
        {
            var value = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'A' and <= (byte)'Z' => digit - 'A' + 10,
                >= (byte)'a' and <= (byte)'z' => digit - 'a' + 36,
                _ => -1,
            };
            if (value < 0)
            {
                return name;
            }

            version.Append(version.Length == 0 ? "" : ".").Append(value);
        }

        return $"{name} {version}";
    }
}
