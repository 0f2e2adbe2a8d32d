using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>Where one node of ours meets scripted ones, datagram by datagram, in time that the test lets pass.</summary>
internal sealed class DhtStage : ILoopScheduler, IDiscoverySink, ILogger
{
    /// <summary>A torrent.</summary>
    public static readonly InfoHash Torrent = InfoHash.Parse("0102030405060708090a0b0c0d0e0f1011121314");

    /// <summary>A node of our own network.</summary>
    public static readonly PeerEndpoint Friend = DhtFacts.At("192.168.0.2:6881");

    /// <summary>Its id.</summary>
    public static readonly NodeId FriendId = DhtFacts.Id(0x80, 2);

    private readonly Queue<IThreadPoolWorkItem> _work = new();

    /// <summary>Time.</summary>
    public FakeTimeProvider Time { get; } = new();

    /// <summary>The socket's other side.</summary>
    public FakeDhtNetwork Network { get; } = new();

    /// <summary>Peers told.</summary>
    public List<PeerEndpoint> Found { get; } = [];

    /// <summary>Statuses told.</summary>
    public List<DiscoverySnapshot> Told { get; } = [];

    /// <summary>Errors of our own that were logged.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>The TCP port we announce.</summary>
    public int PeerPort { get; set; } = 7_000;

    /// <summary>Continuations run where they are completed.</summary>
    public DhtStage() => SynchronizationContext.SetSynchronizationContext(null);

    void ILoopScheduler.Schedule(IThreadPoolWorkItem item) => _work.Enqueue(item);

    void IDiscoverySink.OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers)
    {
        Assert.Equal(DiscoverySource.Dht, source);
        Found.AddRange(peers);
    }

    void IDiscoverySink.OnStatus(DiscoverySnapshot status) => Told.Add(status);

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error)
        {
            Errors.Add($"{formatter(state, exception)} {exception}");
        }
    }

    /// <summary>A node bound to IPv4 at port 6881, unless told otherwise.</summary>
    public DhtLoop Started(Func<DhtSetup, DhtSetup>? change = null)
    {
        var random = new Random(1);
        var setup = new DhtSetup
        {
            Network = Network,
            Clock = Time,
            Scheduler = this,
            Seed = 2, // Not that of the entropy, or what may be foreseen would repeat what may not.
            Entropy = bytes => random.NextBytes(bytes),
            Address = IPAddress.Any,
            Port = 6_881,
            PeerPort = () => PeerPort,
            Logger = this,
        };
        var loop = new DhtLoop(change?.Invoke(setup) ?? setup);
        loop.Start();
        Run();
        return loop;
    }

    /// <summary>One node is known, and we have looked around.</summary>
    public void Meet(DhtLoop loop)
    {
        loop.AddNode(Friend);
        Run();
        Answer(Take(KrpcQuery.Ping), FriendId);
        Answer(Take(KrpcQuery.FindNode), FriendId);
    }

    /// <summary>Runs what is ready.</summary>
    public void Run()
    {
        while (_work.TryDequeue(out var item))
        {
            item.Execute();
        }
    }

    /// <summary>Lets time pass, a quarter second at a time.</summary>
    public void Pass(int seconds)
    {
        for (var i = 0; i < seconds * 4; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(250));
            Run();
        }
    }

    /// <summary>The node as it shows itself; errors of ours fail the test.</summary>
    public DhtSnapshot Show(DhtLoop loop)
    {
        var shown = loop.GetSnapshotAsync();
        Run();
        Assert.Empty(Errors);
        return shown.GetAwaiter().GetResult();
    }

    /// <summary>Reads a datagram of ours.</summary>
    public static KrpcMessage Read(byte[] bytes)
    {
        Assert.True(KrpcCodec.TryRead(bytes, out var message, out _));
        return message!;
    }

    /// <summary>A datagram arrives.</summary>
    public void Deliver(KrpcMessage message, PeerEndpoint from)
    {
        Network.Deliver(Print(message), from);
        Run();
    }

    /// <summary>A message as a datagram.</summary>
    public static byte[] Print(KrpcMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        KrpcCodec.Write(message, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Whom we asked answers.</summary>
    public void Answer((KrpcMessage Query, PeerEndpoint To) asked, NodeId id, Func<KrpcMessage, KrpcMessage>? with = null)
    {
        var reply = new KrpcMessage { Kind = KrpcKind.Response, Transaction = asked.Query.Transaction, Id = id };
        Deliver(with?.Invoke(reply) ?? reply, asked.To);
    }

    /// <summary>All our queries not taken yet, taken.</summary>
    public List<(KrpcMessage Query, PeerEndpoint To)> Queries()
    {
        var queries = new List<(KrpcMessage, PeerEndpoint)>();
        while (Network.Sent.TryDequeue(out var sent))
        {
            if (Read(sent.Bytes) is { Kind: KrpcKind.Query } query)
            {
                queries.Add((query, sent.To));
            }
        }

        return queries;
    }

    /// <summary>The first query of a kind, taken; the others stay.</summary>
    public (KrpcMessage Query, PeerEndpoint To) Take(KrpcQuery kind)
    {
        (KrpcMessage, PeerEndpoint)? taken = null;
        for (var left = Network.Sent.Count; left > 0; left--)
        {
            var sent = Network.Sent.Dequeue();
            if (taken is null && Read(sent.Bytes) is { Kind: KrpcKind.Query } query && query.Query == kind)
            {
                taken = (query, sent.To);
            }
            else
            {
                Network.Sent.Enqueue(sent);
            }
        }

        return Assert.NotNull(taken);
    }
}
