using System.Buffers;
using System.Globalization;
using System.Net;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>An HTTP tracker (BEP 3, 23) in the simulated network: the engine's own announcer talks to it.</summary>
internal sealed class SimulatedTracker
{
    /// <summary>Address its URL names.</summary>
    public const string Host = "10.255.0.1";

    private readonly SimulatedWorld _world;
    private readonly Dictionary<string, List<(PeerEndpoint Endpoint, long Left)>> _swarms = [];

    /// <summary>Begins to serve on <paramref name="network"/>.</summary>
    public SimulatedTracker(SimulatedNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _world = network.World;
        network.Serve(Host, (uri, client) => uri.AbsolutePath == "/scrape" ? Scrape(uri) : Announce(uri, client));
    }

    /// <summary>What a .torrent names.</summary>
    public static string Url => $"http://{Host}/announce";

    /// <summary>The interval it asks for.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Most peers in one answer, whatever is asked for.</summary>
    public int MaxPeers { get; set; } = 200;

    /// <summary>Answers nothing but a failure.</summary>
    public bool IsDown { get; set; }

    /// <summary>Scrapes answered (BEP 48).</summary>
    public int Scrapes { get; private set; }

    /// <summary>Announces by event: "started", "completed", "stopped", "" for the regular ones.</summary>
    public Dictionary<string, int> Events { get; } = [];

    private HttpReply Announce(Uri uri, IPAddress client)
    {
        if (IsDown)
        {
            return new HttpReply(200, "d14:failure reason4:downe"u8.ToArray());
        }

        var query = Parse(uri.Query);
        var endpoint = new PeerEndpoint(client, int.Parse(query["port"], CultureInfo.InvariantCulture));
        var left = long.Parse(query["left"], CultureInfo.InvariantCulture);
        var wanted = int.Parse(query["numwant"], CultureInfo.InvariantCulture);
        var what = query.GetValueOrDefault("event", "");
        Events[what] = Events.GetValueOrDefault(what) + 1;
        if (!_swarms.TryGetValue(query["info_hash"], out var swarm))
        {
            _swarms[query["info_hash"]] = swarm = [];
        }

        swarm.RemoveAll(peer => peer.Endpoint == endpoint);
        var others = swarm.Select(peer => peer.Endpoint).ToArray();
        if (what != "stopped")
        {
            swarm.Add((endpoint, left));
        }

        _world.Random.Shuffle(others);
        return new HttpReply(200, Answer(swarm, others[..Math.Min(others.Length, Math.Min(wanted, MaxPeers))]));
    }

    private HttpReply Scrape(Uri uri)
    {
        Scrapes++;
        var infoHash = Parse(uri.Query)["info_hash"];
        var swarm = _swarms.GetValueOrDefault(infoHash, []);
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteKey("files"u8);
        writer.BeginDictionary();
        writer.WriteKey(Unescape(infoHash));
        writer.BeginDictionary();
        writer.WriteKey("complete"u8);
        writer.WriteNumber(swarm.Count(peer => peer.Left == 0));
        writer.WriteKey("downloaded"u8);
        writer.WriteNumber(Events.GetValueOrDefault("completed"));
        writer.WriteKey("incomplete"u8);
        writer.WriteNumber(swarm.Count(peer => peer.Left > 0));
        writer.End();
        writer.End();
        writer.End();
        return new HttpReply(200, output.WrittenSpan.ToArray());
    }

    // The query is bytes, escaped one by one: reading it as UTF-8 text would lose them.
    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            var isEscaped = text[i] == '%';
            bytes.Add(isEscaped ? byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : (byte)text[i]);
            i += isEscaped ? 2 : 0;
        }

        return [.. bytes];
    }

    private byte[] Answer(List<(PeerEndpoint Endpoint, long Left)> swarm, PeerEndpoint[] peers)
    {
        var compact = new byte[peers.Length * 6];
        for (var i = 0; i < peers.Length; i++)
        {
            peers[i].WriteCompact(compact.AsSpan(i * 6));
        }

        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteKey("complete"u8);
        writer.WriteNumber(swarm.Count(peer => peer.Left == 0));
        writer.WriteKey("incomplete"u8);
        writer.WriteNumber(swarm.Count(peer => peer.Left > 0));
        writer.WriteKey("interval"u8);
        writer.WriteNumber((long)Interval.TotalSeconds);
        writer.WriteKey("peers"u8);
        writer.WriteString(compact);
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private static Dictionary<string, string> Parse(string query) => query.TrimStart('?').Split('&')
        .Select(pair => pair.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
}
