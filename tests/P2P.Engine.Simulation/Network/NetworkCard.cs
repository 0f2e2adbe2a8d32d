using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Simulation;

/// <summary>One machine's line: chunks of its connections share the uplink in turns, and queue for the downlink in order of arrival.</summary>
internal sealed class NetworkCard(SimulatedNetwork network, string name, IPAddress address, Link link)
{
    /// <summary>Most bytes of one connection that take a turn on the uplink.</summary>
    public const int ChunkLength = 16 * 1024;

    private const int FirstEphemeralPort = 49_152;

    private readonly Queue<SimulatedConnection> _turns = new();
    private bool _isSending;
    private long _downBusyUntil;
    private int _nextPort = FirstEphemeralPort;

    /// <summary>Where it is plugged in.</summary>
    public SimulatedNetwork Network => network;

    /// <summary>Names it in the trace.</summary>
    public string Name => name;

    /// <summary>Its address.</summary>
    public IPAddress Address => address;

    /// <summary>Its rates; a change takes effect with the next chunk.</summary>
    public Link Link { get; set; } = link;

    /// <summary>Names the local network it is plugged into: multicast reaches the machines of the same name.</summary>
    public string Lan { get; init; } = "lan";

    /// <summary>Powered on; a machine that is off answers nothing, not even with a refusal.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>Listening programs by port.</summary>
    public Dictionary<int, SimulatedListener> Listeners { get; } = [];

    /// <summary>Bound datagram sockets by port.</summary>
    public Dictionary<int, SimulatedDatagramSocket> Datagrams { get; } = [];

    private SimulatedWorld World => network.World;

    /// <summary>Time from here to there.</summary>
    public TimeSpan LatencyTo(NetworkCard other) => Link.Latency + other.Link.Latency;

    /// <summary>A port nobody uses.</summary>
    public int TakePort() => _nextPort = _nextPort == ushort.MaxValue ? FirstEphemeralPort : _nextPort + 1;

    /// <summary>Our end of a new connection.</summary>
    public PeerEndpoint NewEndpoint() => new(Address, TakePort());

    /// <summary>A connection has something to send: it takes its turn. It must not be in line already.</summary>
    public void Queue(SimulatedConnection connection)
    {
        _turns.Enqueue(connection);
        SendNext();
    }

    /// <summary>Bytes arrived from the network: they pass the downlink, then <paramref name="deliver"/> runs.</summary>
    public void Receive(int bytes, Action deliver)
    {
        var start = Math.Max(World.Now, _downBusyUntil);
        _downBusyUntil = start + TicksFor(bytes, Link.Down);
        World.At(_downBusyUntil, deliver);
    }

    private void SendNext()
    {
        while (!_isSending && _turns.TryDequeue(out var connection))
        {
            if (connection.TakeChunk() is not { } chunk)
            {
                continue;
            }

            _isSending = true;
            World.At(World.Now + TicksFor(chunk.Bytes.Length, Link.Up), () =>
            {
                _isSending = false;
                connection.OnChunkLeft(chunk);
                SendNext();
            });
        }
    }

    private static long TicksFor(int bytes, long rate) => rate == 0 ? 0 : bytes * TimeSpan.TicksPerSecond / rate;
}
