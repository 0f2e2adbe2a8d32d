using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Simulation;

/// <summary>A peer that is no engine: a script speaks the wire by hand, rightly or wrongly.</summary>
internal sealed class ScriptedPeer
{
    private const int Port = 6881;

    private readonly SimulatedWorld _world;
    private readonly ProcessNetwork _network;
    private readonly PeerId _id;

    public ScriptedPeer(SimulatedNetwork network, string name, IPAddress address, SimulatedTorrent torrent, Link? link = null)
    {
        _world = network.World;
        (Name, Torrent) = (name, torrent);
        Card = network.AddCard(name, address, link ?? new Link(Latency: TimeSpan.FromMilliseconds(10)));
        Process = new SimulatedProcess(_world, name);
        _network = new ProcessNetwork(Card, Process);
        _id = PeerId.Create(new Random(_world.Random.Next()));
    }

    /// <summary>Names it in the trace.</summary>
    public string Name { get; }

    /// <summary>What it talks about.</summary>
    public SimulatedTorrent Torrent { get; }

    /// <summary>Its line.</summary>
    public NetworkCard Card { get; }

    /// <summary>Runs its scripts.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>Where it listens once <see cref="Listen"/> was called.</summary>
    public PeerEndpoint Endpoint => new(Card.Address, Port);

    /// <summary>Connections that ended, ours or theirs to end.</summary>
    public int Ended { get; private set; }

    /// <summary>Dials a machine as soon as it shares the torrent, and runs the script; a broken connection ends the script.</summary>
    public void Dial(SimulatedHost host, Func<ScriptedWire, Task> script)
    {
        _world.Soon(Try);

        void Try()
        {
            if (host.Row(Torrent) is { State: TorrentState.Downloading or TorrentState.Seeding })
            {
                _ = RunAsync(async () => await _network.ConnectAsync(host.Endpoint, CancellationToken.None).ConfigureAwait(false), script);
            }
            else
            {
                Process.After(TimeSpan.FromMilliseconds(50), Try);
            }
        }
    }

    /// <summary>Runs the script on every connection that comes in.</summary>
    public void Listen(Func<ScriptedWire, Task> script)
    {
        var listener = _network.Listen(Card.Address, Port);
        _world.Soon(() => _ = AcceptAsync(listener, script));
    }

    private async Task AcceptAsync(IListener listener, Func<ScriptedWire, Task> script)
    {
        try
        {
            while (Process.IsAlive)
            {
                var connection = await listener.AcceptAsync(CancellationToken.None).ConfigureAwait(false);
                _ = RunAsync(() => Task.FromResult(connection), script);
            }
        }
        catch (NetworkException exception)
        {
            _world.Trace.Write(_world.Now, Name, exception.Code);
        }
    }

    private async Task RunAsync(Func<Task<IConnection>> open, Func<ScriptedWire, Task> script)
    {
        try
        {
            using var connection = await open().ConfigureAwait(false);
            await script(new ScriptedWire(connection, Process, Torrent, _id)).ConfigureAwait(false);
        }
        catch (NetworkException exception)
        {
            _world.Trace.Write(_world.Now, Name, $"script ended: {exception.Code}");
        }
#pragma warning disable CA1031 // A mistake in a script fails the run of the world.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _world.Fault($"{Name}: {exception}");
        }
        finally
        {
            Ended++;
        }
    }
}

/// <summary>One connection of a script: messages in and out by hand.</summary>
internal sealed class ScriptedWire(IConnection connection, SimulatedProcess process, SimulatedTorrent torrent, PeerId id)
{
    private readonly List<byte> _received = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private Task _sent = Task.CompletedTask;

    /// <summary>What it talks about.</summary>
    public SimulatedTorrent Torrent => torrent;

    /// <summary>The bytes below.</summary>
    public IConnection Connection => connection;

    /// <summary>Sends our handshake and reads theirs; of another torrent when <paramref name="infoHash"/> says so.</summary>
    public async Task HandshakeAsync(HandshakeFeatures features = HandshakeFeatures.Fast, InfoHash? infoHash = null)
    {
        var bytes = new byte[Handshake.Length];
        new Handshake(infoHash ?? torrent.InfoHash, id, features).Write(bytes);
        await SendBytesAsync(bytes).ConfigureAwait(false);
        await FillAsync(Handshake.Length).ConfigureAwait(false);
        _received.RemoveRange(0, Handshake.Length);
    }

    /// <summary>Sends messages in one write.</summary>
    public Task SendAsync(params PeerMessage[] messages)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
        {
            MessageWriter.Write(message, output);
        }

        return SendBytesAsync(output.WrittenSpan.ToArray());
    }

    /// <summary>Sends a block of any bytes.</summary>
    public Task SendPieceAsync(int piece, int begin, ReadOnlySpan<byte> data)
    {
        var bytes = new byte[13 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, 9 + data.Length);
        bytes[4] = (byte)MessageId.Piece;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), piece);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), begin);
        data.CopyTo(bytes.AsSpan(13));
        return SendBytesAsync(bytes);
    }

    /// <summary>Sends bytes as they are, after what is being sent.</summary>
    public async Task SendBytesAsync(byte[] bytes)
    {
        var (before, mine) = (_sent, new TaskCompletionSource());
        _sent = mine.Task;
        await before.ConfigureAwait(false);
        try
        {
            await connection.SendAsync([new ArraySegment<byte>(bytes)], CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            mine.SetResult();
        }
    }

    /// <summary>Does something beside the script: the end of the connection ends it, a mistake in it fails the run of the world.</summary>
    public void Beside(Func<Task> action)
    {
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await action().ConfigureAwait(false);
            }
            catch (NetworkException exception)
            {
                process.World.Trace.Write(process.World.Now, process.Name, $"beside the script: {exception.Code}");
            }
#pragma warning disable CA1031 // As of the script itself.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                process.World.Fault($"{process.Name}: {exception}");
            }
        }
    }

    /// <summary>Keeps the connection open beside the script: a keep-alive every minute.</summary>
    public void Stay() => Beside(async () =>
    {
        while (true)
        {
            await Delay(TimeSpan.FromSeconds(60)).ConfigureAwait(false);
            await SendAsync(new PeerMessage(MessageId.KeepAlive)).ConfigureAwait(false);
        }
    });

    /// <summary>The next message; a closed connection throws <see cref="NetworkException"/>. Payload is what follows the id.</summary>
    public async Task<(MessageId Id, byte[] Payload)> ReceiveAsync()
    {
        await FillAsync(4).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32BigEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_received));
        await FillAsync(4 + length).ConfigureAwait(false);
        var message = length == 0
            ? (MessageId.KeepAlive, [])
            : ((MessageId)_received[4], _received.GetRange(5, length - 1).ToArray());
        _received.RemoveRange(0, 4 + length);
        return message;
    }

    /// <summary>Lets virtual time pass.</summary>
    public Task Delay(TimeSpan time) => Task.Delay(time, process.Clock);

    /// <summary>Behaves as a seed from here on: says it has all, unchokes who is interested, answers requests.</summary>
    /// <param name="answer">Given the block, what to send: null for nothing.</param>
    public async Task ServeAsync(Func<BlockRef, ReadOnlyMemory<byte>?> answer)
    {
        await SendAsync(new PeerMessage(MessageId.HaveAll)).ConfigureAwait(false);
        while (true)
        {
            var (messageId, payload) = await ReceiveAsync().ConfigureAwait(false);
            if (messageId == MessageId.Interested)
            {
                await SendAsync(new PeerMessage(MessageId.Unchoke)).ConfigureAwait(false);
            }
            else if (messageId == MessageId.Request)
            {
                var (piece, begin, length) = Integers(payload);
                if (torrent.Metainfo.Geometry.TryBlock(piece, begin, length, out var block) && answer(block) is { } bytes)
                {
                    await SendPieceAsync(block.Piece, block.Begin, bytes.Span).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Reads and forgets until the connection ends.</summary>
    public async Task DrainAsync()
    {
        while (true)
        {
            await ReceiveAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The three integers of a request, cancel or reject.</summary>
    public static (uint Piece, uint Begin, uint Length) Integers(ReadOnlySpan<byte> payload) => (
        BinaryPrimitives.ReadUInt32BigEndian(payload),
        BinaryPrimitives.ReadUInt32BigEndian(payload[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(payload[8..]));

    private async Task FillAsync(int count)
    {
        while (_received.Count < count)
        {
            var received = await connection.ReceiveAsync(_buffer, CancellationToken.None).ConfigureAwait(false);
            if (received == 0)
            {
                throw new NetworkException("net.closed", "The other side closed.");
            }

            _received.AddRange(_buffer.AsSpan(0, received));
        }
    }
}
