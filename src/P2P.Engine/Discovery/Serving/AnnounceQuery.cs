using System.Buffers.Text;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Serving;

/// <summary>The query of an HTTP announce or scrape (BEP 3, 7, 23, 48), from its percent-encoded bytes. Pure; never throws.</summary>
internal sealed record AnnounceQuery
{
    /// <summary>Infohashes a scrape may ask for at once.</summary>
    public const int MaxInfoHashes = 100;

    private const int LongestValue = 256;

    /// <summary>"info_hash", each exactly 20 bytes; an announce has one.</summary>
    public List<InfoHash> InfoHashes { get; } = [];

    /// <summary>"port", 1..65535; 0 when absent or wrong.</summary>
    public int Port { get; private set; }

    /// <summary>"left", 0 or more; null when absent or wrong.</summary>
    public long? Left { get; private set; }

    /// <summary>"event".</summary>
    public AnnounceEvent Event { get; private set; }

    /// <summary>"numwant", 0..; -1 when absent or wrong.</summary>
    public int NumWant { get; private set; } = -1;

    /// <summary>"compact=0": the long list of dictionaries is wanted.</summary>
    public bool WantsDictionaries { get; private set; }

    /// <summary>A 20-byte peer id was told.</summary>
    public bool HasPeerId { get; private set; }

    /// <summary>Why it cannot be answered, one sentence for the client; null when it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads what stands after the question mark.</summary>
    public static AnnounceQuery Read(ReadOnlySpan<byte> query)
    {
        var read = new AnnounceQuery();
        Span<byte> value = stackalloc byte[LongestValue];
        foreach (var range in query.Split((byte)'&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf((byte)'=');
            if (equals > 0 && TryUnescape(pair[(equals + 1)..], value, out var length))
            {
                read.Take(pair[..equals], value[..length]);
            }
        }

        return read;
    }

    /// <summary>What is missing for an announce; null when nothing is.</summary>
    public string? AnnounceProblem() => Problem
        ?? (InfoHashes.Count != 1 ? "An announce names one info_hash of 20 bytes."
            : Port == 0 ? "An announce tells a port from 1 to 65535."
            : !HasPeerId ? "An announce tells a peer_id of 20 bytes."
            : null);

    private static bool TryUnescape(ReadOnlySpan<byte> text, Span<byte> into, out int length)
    {
        length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (length == into.Length)
            {
                return false;
            }

            var next = text[at];
            if (next == (byte)'%' && at + 2 < text.Length && Hex(text[at + 1]) is >= 0 and var high && Hex(text[at + 2]) is >= 0 and var low)
            {
                next = (byte)((high << 4) | low);
                at += 2;
            }
            else if (next == (byte)'+')
            {
                next = (byte)' ';
            }

            into[length++] = next;
        }

        return true;
    }

    private static int Hex(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    private static long? Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length ? number : null;

    private void Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case var _ when key.SequenceEqual("info_hash"u8):
                TakeInfoHash(value);
                break;
            case var _ when key.SequenceEqual("peer_id"u8):
                HasPeerId = value.Length == PeerId.Length;
                break;
            case var _ when key.SequenceEqual("port"u8):
                Port = Number(value) is > 0 and <= ushort.MaxValue and var port ? (int)port : 0;
                break;
            case var _ when key.SequenceEqual("left"u8):
                Left = Number(value) is >= 0 and var left ? left : null;
                break;
            case var _ when key.SequenceEqual("numwant"u8):
                NumWant = Number(value) is >= 0 and var wanted ? (int)Math.Min(wanted, int.MaxValue) : -1;
                break;
            case var _ when key.SequenceEqual("compact"u8):
                WantsDictionaries = value is [(byte)'0'];
                break;
            case var _ when key.SequenceEqual("event"u8):
                Event = value switch
                {
                    var _ when value.SequenceEqual("started"u8) => AnnounceEvent.Started,
                    var _ when value.SequenceEqual("stopped"u8) => AnnounceEvent.Stopped,
                    var _ when value.SequenceEqual("completed"u8) => AnnounceEvent.Completed,
                    _ => AnnounceEvent.None,
                };
                break;
            default:
                break; // "ip" above all: where a peer is, its packets tell; what it says of others would make us point at them
        }
    }

    private void TakeInfoHash(ReadOnlySpan<byte> value)
    {
        if (value.Length != InfoHash.Length)
        {
            Problem = "An info_hash has 20 bytes.";
        }
        else if (InfoHashes.Count == MaxInfoHashes)
        {
            Problem = "At most 100 info_hash in one request.";
        }
        else
        {
            InfoHashes.Add(new InfoHash(value));
        }
    }
}
