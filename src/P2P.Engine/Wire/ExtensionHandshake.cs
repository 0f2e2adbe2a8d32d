using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using P2P.Engine.Bencode;

namespace P2P.Engine.Wire;

/// <summary>What the dictionary of extended message 0 says: which extensions, under which ids, and some facts about the sender.</summary>
/// <remarks>
/// Immutable. A field of the wrong kind or range is skipped as if it were absent; only a body that is no dictionary is an error.
/// Sources: BEP 10; upload_only from BEP 21, metadata_size from BEP 9.
/// </remarks>
internal sealed record ExtensionHandshake
{
    /// <summary>Extended sub-id of this message.</summary>
    public const byte SubId = 0;

    /// <summary>Requests we let a peer have outstanding, sent as reqq (reliability.md 2.3, "BlockRequest").</summary>
    public const int OurMaxRequests = 500;

    /// <summary>What a peer that says nothing may be asked at once: libtorrent's default.</summary>
    public const int DefaultMaxRequests = 250;

    private const int MostRequests = 2_000;
    private const int MaxMessages = 64;
    private const int MaxNameLength = 64;
    private const int MaxClientLength = 64;
    private const int MaxMetadataSize = 33_554_432;

    /// <summary>Extension names and the sender's ids for them, 1..255; 0 means switched off again.</summary>
    public IReadOnlyDictionary<string, byte> Messages { get; init; } = new Dictionary<string, byte>();

    /// <summary>Name and version of the client, at most 64 characters, no control or direction characters; still to be escaped. Null when not told.</summary>
    public string? Client { get; init; }

    /// <summary>Requests the sender accepts outstanding (reqq), 1..2,000.</summary>
    public int MaxRequests { get; init; } = DefaultMaxRequests;

    /// <summary>The sender's TCP listen port, 1..65535, or null.</summary>
    public int? ListenPort { get; init; }

    /// <summary>The sender wants nothing (BEP 21), also when it is no seed; null when not told.</summary>
    public bool? UploadOnly { get; init; }

    /// <summary>The receiver's address as the sender sees it, or null.</summary>
    public IPAddress? YourAddress { get; init; }

    /// <summary>Length of the info dictionary, 1..33,554,432 bytes, or null.</summary>
    public int? MetadataSize { get; init; }

    /// <summary>Reads the body of extended message 0. On false <paramref name="fault"/> has the code peer.ext.</summary>
    /// <param name="body">At most 65,536 bytes; may be reused afterwards.</param>
    /// <param name="handshake">The result.</param>
    /// <param name="fault">Why there is none.</param>
    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ExtensionHandshake? handshake, out WireFault fault)
    {
        (handshake, fault) = (null, default);
        BDictionary? fields;
        try
        {
            // Some clients leave bytes behind the dictionary.
            fields = body.Length <= MessageReader.MaxExtendedLength ? BValue.ParsePrefix(body, BencodeLimits.Wire, out _) as BDictionary : null;
        }
        catch (BencodeException exception)
        {
            fault = new WireFault("peer.ext", $"The peer's extension handshake is damaged: {exception.Message}");
            return false;
        }

        if (fields is null)
        {
            fault = new WireFault("peer.ext", "The peer's extension handshake is no dictionary.");
            return false;
        }

        handshake = new ExtensionHandshake
        {
            Messages = ReadMessages(fields.GetDictionary("m"u8)),
            Client = fields.GetString("v"u8) is { } client ? Clean(client.Span) : null,
            MaxRequests = fields.GetNumber("reqq"u8) is { } requests ? (int)Math.Clamp(requests, 1, MostRequests) : DefaultMaxRequests,
            ListenPort = InRange(fields.GetNumber("p"u8), ushort.MaxValue),
            UploadOnly = fields.GetNumber("upload_only"u8) is { } uploadOnly ? uploadOnly != 0 : null,
            YourAddress = fields.GetString("yourip"u8) is { Span.Length: 4 or 16 } address ? new IPAddress(address.Span) : null,
            MetadataSize = InRange(fields.GetNumber("metadata_size"u8), MaxMetadataSize),
        };
        return true;
    }

    /// <summary>Prints the dictionary; fields that are null are left out.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteKey("m"u8);
        writer.BeginDictionary();
        foreach (var (name, id) in Messages.OrderBy(message => message.Key, StringComparer.Ordinal))
        {
            writer.Write(Encoding.ASCII.GetBytes(name), id);
        }

        writer.End();
        WriteNumber(writer, "metadata_size"u8, MetadataSize);
        WriteNumber(writer, "p"u8, ListenPort);
        writer.Write("reqq"u8, MaxRequests);
        WriteNumber(writer, "upload_only"u8, UploadOnly is { } uploadOnly ? (uploadOnly ? 1 : 0) : null);
        if (Client is not null)
        {
            writer.Write("v"u8, Client);
        }

        if (YourAddress is not null)
        {
            writer.Write("yourip"u8, YourAddress.GetAddressBytes());
        }

        writer.End();
    }

    /// <summary>The whole as a message ready to be sent.</summary>
    public PeerMessage ToMessage()
    {
        var output = new ArrayBufferWriter<byte>();
        Write(output);
        return new PeerMessage(MessageId.Extended, Begin: SubId) { Payload = output.WrittenMemory };
    }

    private static Dictionary<string, byte> ReadMessages(BDictionary? fields)
    {
        var messages = new Dictionary<string, byte>();
        foreach (var (name, value) in fields ?? Enumerable.Empty<KeyValuePair<BString, BValue>>())
        {
            if (value is BNumber { Value: >= 0 and <= byte.MaxValue } id && name.Span.Length is > 0 and <= MaxNameLength
                && Ascii.IsValid(name.Span) && messages.Count < MaxMessages)
            {
                messages[name.ToString()] = (byte)id.Value;
            }
        }

        return messages;
    }

    private static int? InRange(long? value, int most) => value is { } number && number >= 1 && number <= most ? (int)number : null;

    private static void WriteNumber(BencodeWriter writer, ReadOnlySpan<byte> key, int? value)
    {
        if (value is { } number)
        {
            writer.Write(key, number);
        }
    }

    /// <summary>Text of a stranger made fit for a log line and a table cell: one line, no escape sequences, no direction changes.</summary>
    private static string Clean(ReadOnlySpan<byte> text)
    {
        // Four bytes per character are the most UTF-8 has, so that the cut never meets an unread tail.
        var decoded = Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxClientLength * 4)]);
        var clean = new StringBuilder(MaxClientLength);
        foreach (var rune in decoded.EnumerateRunes())
        {
            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            if (isShown && clean.Length + rune.Utf16SequenceLength <= MaxClientLength)
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }
}
