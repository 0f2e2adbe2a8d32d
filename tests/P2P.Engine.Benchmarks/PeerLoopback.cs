using System.Diagnostics;
using System.Globalization;
using System.Net;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Benchmarks;

/// <summary>CPU seconds per GiB of one <see cref="PeerConnection"/> sending to another over loopback TCP: no disk, no hash.</summary>
/// <remarks>
/// Both ends in one process unless told "send" or "receive", so that each side's share can be measured. Arguments:
/// <c>peer-loopback [both|receive|send] [GiB] [port] [inline]</c>.
/// </remarks>
internal static class PeerLoopback
{
    private const int Window = 256;
    private const int PieceCount = 65_536;

    public static async Task RunAsync(string[] arguments)
    {
        var mode = arguments.ElementAtOrDefault(0) ?? "both";
        var gibibytes = int.Parse(arguments.ElementAtOrDefault(1) ?? "4", CultureInfo.InvariantCulture);
        var port = int.Parse(arguments.ElementAtOrDefault(2) ?? "0", CultureInfo.InvariantCulture);
        if (arguments.Contains("inline"))
        {
            Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        }

        using var network = new SystemNetwork(null, TimeProvider.System);
        var blocks = (long)gibibytes << 16;
        Leecher? leecher = null;
        Seed? seed = null;
        if (mode == "receive")
        {
            leecher = new Leecher(Open(await DialAsync(network, new PeerEndpoint(IPAddress.Loopback, port))), blocks);
        }
        else
        {
            using var listener = network.Listen(IPAddress.Loopback, port);
            var accept = listener.AcceptAsync(default);
            if (mode == "both")
            {
                leecher = new Leecher(Open(await network.ConnectAsync(listener.Local, default)), blocks);
            }

            seed = new Seed(Open(await accept));
        }

        var (cpu, wall) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
        var (allocated, collections) = (GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
        seed?.Start();
        leecher?.Start();
        await (leecher?.Done ?? seed!.Done);
        var spent = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var seconds = Stopwatch.GetElapsedTime(wall).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{mode,-8} {spent.TotalSeconds / gibibytes:0.000} CPU s/GiB  {gibibytes / seconds:0.00} GiB/s  "
            + $"{(GC.GetTotalAllocatedBytes() - allocated) / 1048576.0 / gibibytes:0.00} MiB allocated/GiB  {GC.CollectionCount(0) - collections} GCs  "
            + $"receives {leecher?.Batches}, flushes {seed?.Flushes}"));
    }

    private static async Task<IConnection> DialAsync(SystemNetwork network, PeerEndpoint remote)
    {
        while (true)
        {
            try
            {
                return await network.ConnectAsync(remote, default);
            }
            catch (NetworkException)
            {
                await Task.Delay(100); // the sender is another process that may not listen yet
            }
        }
    }

    private static PeerConnection Open(IConnection connection)
    {
        var info = new HandshakeInfo(default, new PeerId("-P20100-000000000000"u8), connection.Remote, false, true, true, false);
        return new PeerConnection(connection, info, new BlockPool(2048), TimeProvider.System, new ThreadPoolLoopScheduler());
    }

    /// <summary>Keeps a window of requests outstanding, as a loop would, and returns every block it gets.</summary>
    private sealed class Leecher(PeerConnection peer, long blocks) : Loop
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _asked;
        private long _got;

        public Task Done => _done.Task;

        public int Batches { get; private set; }

        public void Start()
        {
            peer.Start(this, PieceCount);
            for (var i = 0; i < Window; i++)
            {
                Ask();
            }
        }

        protected override void Handle((PeerBatch? Batch, int Blocks) message)
        {
            Batches++;
            foreach (var received in message.Batch!.Messages)
            {
                received.Data!.Return();
                _got++;
                Ask();
            }

            message.Batch.Recycle();
            if (_got == blocks)
            {
                _done.TrySetResult();
            }
        }

        private void Ask()
        {
            if (_asked < blocks)
            {
                peer.Send(new PeerMessage(MessageId.Request, (uint)(_asked % PieceCount), 0, 16_384));
                _asked++;
            }
        }
    }

    /// <summary>Answers requests from blocks of the pool that are never filled: what a disk read would add is measured elsewhere.</summary>
    private sealed class Seed(PeerConnection peer) : Loop
    {
        private readonly BlockPool _pool = new(2048);
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public int Flushes { get; private set; }

        public void Start() => peer.Start(this, PieceCount);

        public override void OnSent(PeerConnection connection, int blocks, int payloadBytes) => Flushes++;

        public override void OnClosed(PeerConnection connection, DisconnectReason reason) => _done.TrySetResult();

        protected override void Handle((PeerBatch? Batch, int Blocks) message)
        {
            foreach (var received in message.Batch!.Messages)
            {
                var block = _pool.TryRent() ?? throw new InvalidOperationException("The window bounds the blocks in use.");
                block.Length = 16_384;
                peer.Send(new PeerMessage(MessageId.Piece, received.Piece, received.Begin, 16_384) { Data = block });
            }

            message.Batch.Recycle();
        }
    }

    /// <summary>A serial loop that is its own sink.</summary>
    private abstract class Loop() : SerialLoop<(PeerBatch? Batch, int Blocks)>(new ThreadPoolLoopScheduler()), IPeerSink
    {
        public void OnMessages(PeerConnection connection, PeerBatch batch) => Post((batch, 0));

        public virtual void OnSent(PeerConnection connection, int blocks, int payloadBytes)
        {
        }

        public virtual void OnClosed(PeerConnection connection, DisconnectReason reason)
        {
        }

        protected override void OnFault(Exception exception) => Environment.FailFast("The benchmark is wrong.", exception);
    }
}
