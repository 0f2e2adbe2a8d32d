using System.Buffers;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Serving;

/// <summary>Bodies of HTTP answers (BEP 3, 7, 23, 24, 48). Pure.</summary>
internal static class TrackerReply
{
    /// <summary>A refusal: one sentence.</summary>
    public static void WriteFailure(IBufferWriter<byte> output, string reason)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.Write("failure reason"u8, reason);
        writer.End();
    }

    /// <summary>The answer to an announce.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="answer">Counts.</param>
    /// <param name="peers">Peers given, all of the asker's family.</param>
    /// <param name="asker">Told its address as we see it (BEP 24).</param>
    /// <param name="intervalSeconds">Time to the next announce.</param>
    /// <param name="asDictionaries">The long form, as BEP 3 had it.</param>
    public static void WriteAnnounce(
        IBufferWriter<byte> output, SwarmAnswer answer, ReadOnlySpan<PeerEndpoint> peers, PeerEndpoint asker, int intervalSeconds, bool asDictionaries)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.Write("complete"u8, answer.Seeds);
        writer.Write("downloaded"u8, answer.Downloads);
        Span<byte> compact = stackalloc byte[18];
        writer.Write("external ip"u8, compact[..(asker.WriteCompact(compact) - 2)]);
        writer.Write("incomplete"u8, answer.Leechers);
        writer.Write("interval"u8, intervalSeconds);
        writer.Write("min interval"u8, Math.Max(1, intervalSeconds / 2));
        if (asDictionaries)
        {
            writer.WriteKey("peers"u8);
            writer.BeginList();
            foreach (var peer in peers)
            {
                writer.BeginDictionary();
                writer.Write("ip"u8, peer.Address.ToString());
                writer.Write("port"u8, peer.Port);
                writer.End();
            }

            writer.End();
        }
        else
        {
            var bytes = new byte[peers.Length * 18];
            var length = 0;
            foreach (var peer in peers)
            {
                length += peer.WriteCompact(bytes.AsSpan(length));
            }

            // A reader of BEP 23 alone looks for "peers" whatever the family.
            writer.Write("peers"u8, asker.IsIPv4 ? bytes.AsSpan(0, length) : []);
            if (!asker.IsIPv4)
            {
                writer.Write("peers6"u8, bytes.AsSpan(0, length));
            }
        }

        writer.End();
    }

    /// <summary>The answer to a scrape: one entry for each infohash asked for (BEP 48), unknown or not; npm's client waits for all of them.</summary>
    public static void WriteScrape(IBufferWriter<byte> output, IEnumerable<(InfoHash InfoHash, SwarmAnswer Answer)> swarms)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteKey("files"u8);
        writer.BeginDictionary();
        foreach (var (infoHash, answer) in swarms.DistinctBy(swarm => swarm.InfoHash).OrderBy(swarm => swarm.InfoHash))
        {
            writer.WriteKey(infoHash.ToArray());
            writer.BeginDictionary();
            writer.Write("complete"u8, answer.Seeds);
            writer.Write("downloaded"u8, answer.Downloads);
            writer.Write("incomplete"u8, answer.Leechers);
            writer.End();
        }

        writer.End();
        writer.End();
    }
}
