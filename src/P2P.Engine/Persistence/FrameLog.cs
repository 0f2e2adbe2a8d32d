using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using P2P.Engine.Session.History;

namespace P2P.Engine.Persistence;

/// <summary>The bytes of a log file: a header, then frames, each with its length and checksum before it. Pure; reading never throws.</summary>
/// <remarks>
/// Shape: "P2PLOG1\n"; then for each frame 4 bytes of length (1..65,536), 4 bytes of CRC-32C over length and payload, both little-endian, and
/// the payload. The first frame that does not fit its checksum, its length or the file ends the log: what follows is a torn tail.
/// </remarks>
internal static class FrameLog
{
    /// <summary>Bytes before a frame's payload.</summary>
    public const int Overhead = 8;

    /// <summary>What a file begins with.</summary>
    public static ReadOnlySpan<byte> Header => "P2PLOG1\n"u8;

    /// <summary>Frames as they stand in a file. Empty and too long ones are left out.</summary>
    public static byte[] Encode(IEnumerable<byte[]> frames, bool withHeader)
    {
        var bytes = new MemoryStream();
        if (withHeader)
        {
            bytes.Write(Header);
        }

        Span<byte> head = stackalloc byte[Overhead];
        foreach (var frame in frames.Where(frame => frame.Length is > 0 and <= JournalName.MaxFrame))
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, frame.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Checksum(frame));
            bytes.Write(head);
            bytes.Write(frame);
        }

        return bytes.ToArray();
    }

    /// <summary>All good frames, oldest first; <paramref name="valid"/> is where they end, 0 when the file is not one of ours.</summary>
    public static ImmutableArray<byte[]> Read(ReadOnlySpan<byte> file, out int valid)
    {
        valid = 0;
        if (!file.StartsWith(Header))
        {
            return [];
        }

        var frames = ImmutableArray.CreateBuilder<byte[]>();
        valid = Header.Length;
        for (var rest = file[valid..]; rest.Length >= Overhead; rest = file[valid..])
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
            if (length is < 1 or > JournalName.MaxFrame || length > rest.Length - Overhead)
            {
                break;
            }

            var payload = rest.Slice(Overhead, length);
            if (BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) != Checksum(payload))
            {
                break;
            }

            frames.Add(payload.ToArray());
            valid += Overhead + length;
        }

        return frames.DrainToImmutable();
    }

    private static uint Checksum(ReadOnlySpan<byte> payload)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, (uint)payload.Length);
        for (; payload.Length >= sizeof(ulong); payload = payload[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(payload));
        }

        foreach (var value in payload)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return ~sum;
    }
}
