using System.Buffers;
using P2P.Engine.Bencode;

namespace P2P.Engine.Wire;

/// <summary>What a ut_metadata message says (BEP 9).</summary>
internal enum MetadataMessageType
{
    Request = 0,
    Data = 1,
    Reject = 2,

    /// <summary>A type that came later; ignored (row G27).</summary>
    Unknown = 3,
}

/// <summary>One ut_metadata message: ask for, give or refuse a part of the info dictionary.</summary>
/// <param name="Type">Which.</param>
/// <param name="Part">Part of 16 KiB, from 0; not checked against the size.</param>
/// <param name="TotalSize">Of data: bytes of the whole, as the sender says; else 0.</param>
/// <param name="Data">Of data: the part's bytes, 1..16,384, in the message read; else empty.</param>
internal readonly record struct MetadataMessage(MetadataMessageType Type, int Part, int TotalSize, ReadOnlyMemory<byte> Data)
{
    /// <summary>Name in the extension handshake.</summary>
    public const string Name = "ut_metadata";

    /// <summary>Bytes of every part but the last.</summary>
    public const int PartLength = 16_384;

    /// <summary>Longest body read: a part and its header (reliability.md 2.3, "UtMetadata").</summary>
    public const int MaxLength = 17_408;

    /// <summary>Reads a body; false when it is no such message (row G26).</summary>
    /// <param name="body">What follows the extended message's sub-id; the result points into it.</param>
    /// <param name="message">The result.</param>
    public static bool TryRead(ReadOnlyMemory<byte> body, out MetadataMessage message)
    {
        message = default;
        if (body.Length > MaxLength)
        {
            return false;
        }

        BDictionary? header;
        int length;
        try
        {
            header = BValue.ParsePrefix(body, BencodeLimits.Wire, out length) as BDictionary;
        }
        catch (BencodeException)
        {
            return false;
        }

        if (header?.GetNumber("msg_type"u8) is not { } type || header.GetNumber("piece"u8) is not (>= int.MinValue and <= int.MaxValue and var part))
        {
            return false;
        }

        var known = type is >= 0 and <= 2 ? (MetadataMessageType)type : MetadataMessageType.Unknown;
        var total = header.GetNumber("total_size"u8) is >= 0 and <= int.MaxValue and var size ? (int)size : 0;
        message = new MetadataMessage(known, (int)part, total, known == MetadataMessageType.Data ? body[length..] : default);
        return true;
    }

    /// <summary>The whole as a message for a peer whose handshake gave ut_metadata this sub-id.</summary>
    public PeerMessage ToMessage(byte subId)
    {
        var output = new ArrayBufferWriter<byte>(Data.Length + 64);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.Write("msg_type"u8, (int)Type);
        writer.Write("piece"u8, Part);
        if (Type == MetadataMessageType.Data)
        {
            writer.Write("total_size"u8, TotalSize);
        }

        writer.End();
        output.Write(Data.Span);
        return new PeerMessage(MessageId.Extended, Begin: subId) { Payload = output.WrittenMemory };
    }
}
