using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Dht;

/// <summary>What a DHT node is made of. Immutable.</summary>
internal sealed record DhtSetup
{
    /// <summary>How others are reached.</summary>
    public required INetwork Network { get; init; }

    /// <summary>Time and timers.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Runs the loop.</summary>
    public required ILoopScheduler Scheduler { get; init; }

    /// <summary>For choices that may be foreseen: when, which of equals.</summary>
    public required int Seed { get; init; }

    /// <summary>For what must not be foreseen: ids, transactions, secrets.</summary>
    public required Action<Span<byte>> Entropy { get; init; }

    /// <summary>Address to bind; null: all of both families.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>UDP port, 0 for any.</summary>
    public required int Port { get; init; }

    /// <summary>The TCP port peers reach us at, asked at each announce; 0: none, nothing is announced. Any thread.</summary>
    public required Func<int> PeerPort { get; init; }

    /// <summary>Nodes asked first, "host:port" each.</summary>
    public ImmutableArray<string> Bootstrap { get; init; } = [];

    /// <summary>What the last run left (<see cref="DhtLoop.StopAsync"/>); empty or odd: begin anew (D23).</summary>
    public ReadOnlyMemory<byte> State { get; init; }

    /// <summary>Tell others not to ask us (BEP 43).</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>For the log.</summary>
    public required ILogger Logger { get; init; }
}
