using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace P2P.Harness;

/// <summary>A seed of its own making on loopback: plain BitTorrent v1 and the fast extension's have_all, an upload limit, and a memory of what was asked.</summary>
/// <remarks>
/// Shares no code with the engine, so that a mistake in the engine's wire code is not made twice. Each connection is read at once and answered at
/// the seed's pace, so that a HAVE is noticed although requests before it still wait; it belongs to the life of the client in which it began.
/// </remarks>
internal sealed class ScriptedSeed : IAsyncDisposable
{
    private const int HandshakeLength = 68;
    private const int LargestMessage = 1 << 20;

    private readonly SeedContent _content;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _accepting;

    // Life of the client process in which a piece was first known to be verified; 0 = not yet.
    private readonly int[] _verifiedInLife;
    private int _life;
    private long _sendAt;

    public ScriptedSeed(SeedContent content)
    {
        _content = content;
        _verifiedInLife = new int[content.PieceCount];
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Payload bytes per second; 0 = no limit.</summary>
    public long BytesPerSecond { get; set; }

    /// <summary>Payload bytes sent.</summary>
    public long Served { get; private set; }

    /// <summary>Payload bytes asked for.</summary>
    public long Requested { get; private set; }

    /// <summary>Bytes asked for of pieces that an earlier life of the client had verified.</summary>
    public long VerifiedBytesFetchedAgain { get; private set; }

    /// <summary>Pieces the client was seen to have verified.</summary>
    public int VerifiedPieces => _verifiedInLife.Count(life => life > 0);

    /// <summary>A new client process begins.</summary>
    public void BeginLife()
    {
        lock (_gate)
        {
            _life++;
        }
    }

    /// <summary>The client begins again with an empty disk.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            Array.Clear(_verifiedInLife);
        }
    }

    /// <summary>The client process says that it has verified a piece.</summary>
    public void NoteVerified(int piece)
    {
        lock (_gate)
        {
            NoteVerified(piece, _life);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        connection.NoDelay = true;
        var stream = connection.GetStream();
        try
        {
            var theirs = new byte[HandshakeLength];
            await stream.ReadExactlyAsync(theirs, _stop.Token);
            if (!theirs.AsSpan(28, 20).SequenceEqual(_content.InfoHash))
            {
                return;
            }

            int life;
            lock (_gate)
            {
                life = _life;
            }

            await stream.WriteAsync(Opening(hasFast: (theirs[27] & 4) != 0), _stop.Token);
            var requests = Channel.CreateUnbounded<byte[]>();
            var sending = SendBlocksAsync(stream, requests.Reader);
            try
            {
                await ReadAsync(stream, life, requests.Writer);
            }
            finally
            {
                requests.Writer.Complete();
                connection.Close();
                await sending;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client was killed, or the harness ends.
        }
    }

    private async Task ReadAsync(NetworkStream stream, int life, ChannelWriter<byte[]> requests)
    {
        var header = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(header, _stop.Token);
            var length = BinaryPrimitives.ReadInt32BigEndian(header);
            if (length is < 0 or > LargestMessage)
            {
                throw new IOException("The client sent a message of an impossible length.");
            }

            var message = new byte[length];
            await stream.ReadExactlyAsync(message, _stop.Token);
            switch (message)
            {
                case [4, ..] when length == 5:
                    lock (_gate)
                    {
                        NoteVerified(BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(1)), life);
                    }

                    break;
                case [5, ..]:
                    NoteBitfield(message.AsMemory(1), life);
                    break;
                case [14]:
                    NoteBitfield(Enumerable.Repeat((byte)0xFF, (_content.PieceCount + 7) / 8).ToArray(), life);
                    break;
                case [6, ..] when length == 13:
                    NoteRequest(message, life);
                    requests.TryWrite(message);
                    break;
            }
        }
    }

    private async Task SendBlocksAsync(NetworkStream stream, ChannelReader<byte[]> requests)
    {
        try
        {
            await foreach (var request in requests.ReadAllAsync(_stop.Token))
            {
                await SendBlockAsync(stream, request);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The reader notices too, and ends the connection.
        }
    }

    private byte[] Opening(bool hasFast)
    {
        var reserved = new byte[8];
        reserved[7] = hasFast ? (byte)4 : (byte)0;
        byte[] all = hasFast ? [0, 0, 0, 1, 14] : BitfieldMessage();
        byte[] unchoke = [0, 0, 0, 1, 1];
        return [19, .. "BitTorrent protocol"u8, .. reserved, .. _content.InfoHash, .. Encoding.ASCII.GetBytes("-HS0001-harness00000"), .. all, .. unchoke];
    }

    private byte[] BitfieldMessage()
    {
        var bits = new byte[(_content.PieceCount + 7) / 8];
        bits.AsSpan().Fill(0xFF);
        if (_content.PieceCount % 8 is var rest and > 0)
        {
            bits[^1] = (byte)(0xFF << (8 - rest));
        }

        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bits.Length + 1);
        return [.. length, 5, .. bits];
    }

    /// <summary>Under the gate.</summary>
    private void NoteVerified(int piece, int life)
    {
        if ((uint)piece < (uint)_verifiedInLife.Length && _verifiedInLife[piece] == 0)
        {
            _verifiedInLife[piece] = life;
        }
    }

    private void NoteBitfield(ReadOnlyMemory<byte> bits, int life)
    {
        lock (_gate)
        {
            for (var piece = 0; piece < _content.PieceCount && piece / 8 < bits.Length; piece++)
            {
                if ((bits.Span[piece / 8] & (0x80 >> (piece % 8))) != 0)
                {
                    NoteVerified(piece, life);
                }
            }
        }
    }

    private void NoteRequest(byte[] request, int life)
    {
        var (piece, begin, length) = Parse(request);
        if ((uint)piece >= (uint)_content.PieceCount || begin < 0 || begin % 8 != 0 || length is < 1 or > 16384
            || begin + length > _content.LengthOf(piece))
        {
            throw new IOException("The client asks for a block that does not exist.");
        }

        lock (_gate)
        {
            if (_verifiedInLife[piece] > 0 && _verifiedInLife[piece] < life)
            {
                VerifiedBytesFetchedAgain += length;
            }

            Requested += length;
        }
    }

    private static (int Piece, int Begin, int Length) Parse(byte[] request) => (
        BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(1)),
        BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(5)),
        BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(9)));

    private async Task SendBlockAsync(NetworkStream stream, byte[] request)
    {
        var (piece, begin, length) = Parse(request);
        await PaceAsync(length);
        var answer = new byte[13 + length];
        BinaryPrimitives.WriteInt32BigEndian(answer, 9 + length);
        answer[4] = 7;
        request.AsSpan(1, 8).CopyTo(answer.AsSpan(5));
        _content.Read(((long)piece * SeedContent.PieceLength) + begin, answer.AsSpan(13));
        await stream.WriteAsync(answer, _stop.Token);
        lock (_gate)
        {
            Served += length;
        }
    }

    private async Task PaceAsync(int bytes)
    {
        if (BytesPerSecond is var rate and > 0)
        {
            long wait;
            lock (_gate)
            {
                var now = Environment.TickCount64;
                _sendAt = Math.Max(_sendAt, (now - 50) * 1000) + (bytes * 1_000_000L / rate);
                wait = (_sendAt / 1000) - now;
            }

            if (wait > 5)
            {
                await Task.Delay((int)wait, _stop.Token);
            }
        }
    }
}
