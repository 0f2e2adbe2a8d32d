using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace P2P.Engine.Primitives;

/// <summary>Address and port of a peer or tracker as a value: 16 bytes of address (IPv4 as ::ffff:a.b.c.d) and a port.</summary>
/// <remarks>An IPv4-mapped IPv6 address and the IPv4 address are the same endpoint. Compact forms: BEP 23 (6 bytes), BEP 7 (18 bytes).</remarks>
public readonly record struct PeerEndpoint
{
    private static readonly UInt128 MappedPrefix = new(0, 0xFFFF_0000_0000);

    private readonly UInt128 _address;

    /// <summary>Takes any IPv4 or IPv6 address and a port 0..65535; the scope id is dropped.</summary>
    public PeerEndpoint(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)port, ushort.MaxValue, nameof(port));
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        _address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Port = (ushort)port;
    }

    private PeerEndpoint(UInt128 address, ushort port) => (_address, Port) = (address, port);

    /// <summary>The port, 0..65535.</summary>
    public ushort Port { get; }

    /// <summary>Is it an IPv4 address?</summary>
    public bool IsIPv4 => _address >> 32 == 0xFFFF;

    /// <summary>The address; IPv4 ones unmapped.</summary>
    public IPAddress Address
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, _address);
            return IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
        }
    }

    /// <summary>Is it an IPv6 address of one link (fe80::/10), which needs an interface to be reached?</summary>
    internal bool IsLinkLocalIPv6 => ((ushort)(_address >> 112) & 0xFFC0) == 0xFE80;

    /// <summary>Can somebody listen there: a port, and neither the unspecified, a multicast nor the broadcast address?</summary>
    public bool IsConnectable
    {
        get
        {
            if (Port == 0 || _address == 0)
            {
                return false;
            }

            if (IsIPv4)
            {
                var first = (byte)(_address >> 24);
                return first is not 0 and < 224;
            }

            return (byte)(_address >> 120) != 0xFF;
        }
    }

    /// <summary>The same address with another port.</summary>
    public PeerEndpoint WithPort(int port)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)port, ushort.MaxValue, nameof(port));
        return new PeerEndpoint(_address, (ushort)port);
    }

    /// <summary>From a socket's address.</summary>
    public static PeerEndpoint From(IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return new PeerEndpoint(endpoint.Address, endpoint.Port);
    }

    /// <summary>As a socket's address.</summary>
    public IPEndPoint ToIPEndPoint() => new(Address, Port);

    /// <summary>Reads 6 bytes (IPv4) or 18 bytes (IPv6), big-endian port last; other lengths throw <see cref="ArgumentException"/>.</summary>
    public static PeerEndpoint FromCompact(ReadOnlySpan<byte> compact)
    {
        if (compact.Length is not (6 or 18))
        {
            throw new ArgumentException("A compact endpoint has 6 or 18 bytes.", nameof(compact));
        }

        var address = compact.Length == 6 ? MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(compact) : BinaryPrimitives.ReadUInt128BigEndian(compact);
        return new PeerEndpoint(address, BinaryPrimitives.ReadUInt16BigEndian(compact[^2..]));
    }

    /// <summary>Writes 6 bytes (IPv4) or 18 bytes (IPv6) and returns how many.</summary>
    public int WriteCompact(Span<byte> destination)
    {
        var length = IsIPv4 ? 4 : 16;
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _address);
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], Port);
        return length + 2;
    }

    /// <summary>Writes the 16 bytes of the address, an IPv4 one as ::ffff:a.b.c.d.</summary>
    internal void WriteAddress(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _address);

    /// <summary>Reads "1.2.3.4:6881" or "[::1]:6881"; names and missing ports return false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PeerEndpoint endpoint)
    {
        endpoint = default;
        if (text is null || !IPEndPoint.TryParse(text, out var parsed) || parsed.Port == 0 || !text.EndsWith(
            string.Create(CultureInfo.InvariantCulture, $":{parsed.Port}"), StringComparison.Ordinal))
        {
            return false;
        }

        endpoint = From(parsed);
        return parsed.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6;
    }

    /// <summary>"1.2.3.4:6881" or "[::1]:6881".</summary>
    public override string ToString() => ToIPEndPoint().ToString();
}
