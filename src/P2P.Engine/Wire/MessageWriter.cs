using System.Buffers;
using System.Buffers.Binary;

namespace P2P.Engine.Wire;

/// <summary>Prints peer messages: length prefix, id, integers, and (for the whole-message form) the payload.</summary>
internal static class MessageWriter
{
    /// <summary>Most bytes <see cref="WriteHead"/> writes: prefix, id and three integers.</summary>
    public const int MaxHeadLength = 17;

    /// <summary>Writes all of a message but the bytes of <c>Data</c> and <c>Payload</c>, which follow it on the wire.</summary>
    /// <returns>Bytes written, 4..<see cref="MaxHeadLength"/>.</returns>
    public static int WriteHead(in PeerMessage message, Span<byte> destination)
    {
        var integers = message.Id switch
        {
            MessageId.Have or MessageId.Suggest or MessageId.AllowedFast => 1,
            MessageId.Piece => 2,
            MessageId.Request or MessageId.Cancel or MessageId.Reject => 3,
            _ => 0,
        };
        var head = message.Id switch
        {
            MessageId.KeepAlive => 4,
            MessageId.Port => 7,
            MessageId.Extended => 6,
            _ => 5 + (4 * integers),
        };
        var payload = message.Id switch
        {
            MessageId.Piece => message.Data?.Length ?? 0,
            MessageId.Bitfield or MessageId.Extended => message.Payload.Length,
            _ => 0,
        };
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(head - 4 + payload));
        if (message.Id == MessageId.KeepAlive)
        {
            return head;
        }

        destination[4] = (byte)message.Id;
        switch (message.Id)
        {
            case MessageId.Port:
                BinaryPrimitives.WriteUInt16BigEndian(destination[5..], (ushort)message.Begin);
                break;
            case MessageId.Extended:
                destination[5] = (byte)message.Begin;
                break;
            default:
                WriteIntegers(message, integers, destination[5..]);
                break;
        }

        return head;
    }

    /// <summary>Writes a whole message; a Piece's block stays with the caller.</summary>
    public static void Write(in PeerMessage message, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.Advance(WriteHead(message, destination.GetSpan(MaxHeadLength)));
        if (message.Data is { } block)
        {
            destination.Write(block.Span);
        }

        destination.Write(message.Payload.Span);
    }

    private static void WriteIntegers(in PeerMessage message, int count, Span<byte> destination)
    {
        if (count > 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, message.Piece);
        }

        if (count > 1)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[4..], message.Begin);
        }

        if (count > 2)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[8..], message.Length);
        }
    }
}
