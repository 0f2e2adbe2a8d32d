using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Peers that lie, hold back or break the protocol: the download ends, the guilty go, the honest stay.</summary>
public sealed class HostilePeerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact]
    public void A_sole_poisoner_is_banned_at_once()
    {
        // W39: nobody else is there while it poisons; the true seed comes later.
        var swarm = new SwarmBuilder(31).Sharing(2 << 20, 64 * 1024).Leechers(1).Seeds(1, up: 500_000).ComingEvery(TimeSpan.FromSeconds(40)).Start();
        var poisoner = swarm.Scripted("poisoner");
        poisoner.Dial(swarm["leech0"], async wire =>
        {
            await wire.HandshakeAsync();
            await wire.ServeAsync(Poison(swarm.Torrent, always: true));
        });

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
        var events = swarm["leech0"].Events.Where(item => item.Kind is EngineEventKind.BadData or EngineEventKind.PeerBanned).Select(item => item.Message).ToArray();
        output.WriteLine(string.Join('\n', events));
        Assert.Contains(events, message => message.Contains("10.200.1.1", StringComparison.Ordinal) && message.Contains("banned", StringComparison.Ordinal));
        Assert.Equal(1, poisoner.Ended);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public void Only_the_poisoner_among_many_suppliers_is_banned(int seed)
    {
        // R-P06, W40: large pieces and slow lines make every piece come from several peers.
        var swarm = new SwarmBuilder(seed).Sharing(4 << 20, 512 * 1024).Seeds(7, up: 60_000).Leechers(1).Start();
        var poisoner = swarm.Scripted("poisoner", new Link(Up: 60_000, Latency: TimeSpan.FromMilliseconds(20)));
        poisoner.Dial(swarm["leech0"], async wire =>
        {
            await wire.HandshakeAsync();
            await wire.ServeAsync(Poison(swarm.Torrent, always: true));
        });

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
        var row = swarm["leech0"].Row(swarm.Torrent)!;
        var banned = swarm["leech0"].Events.Where(item => item.Message.Contains("banned", StringComparison.Ordinal)).Select(item => item.Message).ToArray();
        output.WriteLine($"seed {seed}: wasted {row.Wasted}, {string.Join("; ", banned)}");
        Assert.All(banned, message => Assert.StartsWith("10.200.1.1", message, StringComparison.Ordinal));
        Assert.NotEmpty(banned);
    }

    [Fact]
    public void A_peer_that_claims_all_and_never_sends_costs_a_minute_at_most()
    {
        var clean = Finish(silent: 0);
        var held = Finish(silent: 3);
        output.WriteLine($"clean {clean}, with three silent peers {held}");

        Assert.True(held <= clean + TimeSpan.FromSeconds(65), $"{held} against {clean}"); // W43: 60 s and a beat or two

        TimeSpan Finish(int silent)
        {
            var swarm = new SwarmBuilder(35).Sharing(2 << 20, 64 * 1024).Leechers(1).Seeds(1, up: 100_000).Start();
            for (var i = 0; i < silent; i++)
            {
                swarm.Scripted($"silent{i}").Dial(swarm["leech0"], async wire =>
                {
                    await wire.HandshakeAsync();
                    await wire.ServeAsync(_ => null);
                });
            }

            Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
            return swarm.CompletedAt["leech0"];
        }
    }

    [Fact]
    public void Choke_storms_lose_nothing()
    {
        var swarm = new SwarmBuilder(36).Sharing(2 << 20, 64 * 1024).Leechers(1).Start();
        var stormy = swarm.Scripted("stormy", new Link(Up: 200_000, Latency: TimeSpan.FromMilliseconds(20)));
        stormy.Dial(swarm["leech0"], StormAsync);

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
        var row = swarm["leech0"].Row(swarm.Torrent)!;
        output.WriteLine($"complete at {swarm.CompletedAt["leech0"]}, wasted {row.Wasted}");
        Assert.True(row.Wasted < swarm.Torrent.Length / 100);

        static async Task StormAsync(ScriptedWire wire)
        {
            await wire.HandshakeAsync(HandshakeFeatures.None);
            var all = new Bitfield(wire.Torrent.PieceCount);
            all.SetAll();
            await wire.SendAsync(new PeerMessage(MessageId.Bitfield) { Payload = all.ToArray() });
            await wire.SendAsync(new PeerMessage(MessageId.Unchoke));
            var (answered, isChoking) = (0, false);
            while (true)
            {
                var (id, payload) = await wire.ReceiveAsync();
                if (id != MessageId.Request || isChoking)
                {
                    continue; // choked, requests are void without a word, as BEP 3 has it
                }

                var (piece, begin, length) = ScriptedWire.Integers(payload);
                wire.Torrent.Metainfo.Geometry.TryBlock(piece, begin, length, out var block);
                await wire.SendPieceAsync(block.Piece, block.Begin, wire.Torrent.Block(block).Span);
                if (++answered % 3 == 0)
                {
                    isChoking = true;
                    await wire.SendAsync(new PeerMessage(MessageId.Choke));
                    _ = UnchokeLaterAsync();
                }
            }

            async Task UnchokeLaterAsync()
            {
                await wire.Delay(TimeSpan.FromMilliseconds(150));
                isChoking = false;
                await wire.SendAsync(new PeerMessage(MessageId.Unchoke));
            }
        }
    }

    [Fact]
    public void Random_disconnects_and_partitions_only_cost_time()
    {
        var swarm = new SwarmBuilder(37).Sharing(4 << 20, 64 * 1024).Over(TimeSpan.FromMilliseconds(25), loss: 0.02)
            .Seeds(2, up: 150_000).Leechers(8, up: 150_000).Start();
        var chance = new Random(37);
        var hosts = swarm.Hosts.ToArray();
        for (var i = 0; i < 20; i++)
        {
            swarm.World.Run(TimeSpan.FromSeconds(chance.Next(1, 6)));
            var (a, b) = (hosts[chance.Next(hosts.Length)], hosts[chance.Next(hosts.Length)]);
            if (i % 3 == 0)
            {
                swarm.Network.Heal();
            }
            else if (i % 3 == 1)
            {
                swarm.Network.Partition(a.Card, b.Card);
            }
            else
            {
                a.Kill();
                a.Start();
            }
        }

        swarm.Network.Heal();
        Assert.True(swarm.RunUntilComplete(Limit), Why(swarm));
        output.WriteLine($"all complete at {swarm.World.Elapsed}");
    }

    [Fact]
    public void Garbage_and_broken_promises_end_a_connection_and_nothing_else()
    {
        var swarm = new SwarmBuilder(38).Sharing(2 << 20, 64 * 1024).Leechers(1).Seeds(1, up: 200_000).Start();
        var leech = swarm["leech0"];
        List<ScriptedPeer> rascals = [];
        Rascal(wire => wire.SendBytesAsync([1, 2, 3, 4, 5]));
        Rascal(async wire =>
        {
            await wire.HandshakeAsync();
            await wire.SendBytesAsync([0x7F, 0xFF, 0xFF, 0xFF, 6]);
            await wire.DrainAsync();
        });
        Rascal(async wire =>
        {
            await wire.HandshakeAsync();
            await wire.SendAsync(new PeerMessage(MessageId.Have, 1_000_000));
            await wire.DrainAsync();
        });
        Rascal(async wire =>
        {
            await wire.HandshakeAsync();
            await wire.SendAsync(new PeerMessage(MessageId.HaveAll), new PeerMessage(MessageId.HaveAll));
            await wire.DrainAsync();
        });
        Rascal(async wire =>
        {
            await wire.HandshakeAsync();
            for (var i = 0; i < 5_000; i++)
            {
                await wire.SendAsync(new PeerMessage(MessageId.Request, 0, 0, 16_384));
            }

            await wire.DrainAsync();
        });

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
        swarm.World.Run(TimeSpan.FromMinutes(3));
        Assert.All(rascals, rascal => Assert.Equal(1, rascal.Ended));

        void Rascal(Func<ScriptedWire, Task> script)
        {
            var peer = swarm.Scripted($"rascal{rascals.Count}");
            rascals.Add(peer);
            peer.Dial(leech, script);
        }
    }

    private static Func<BlockRef, ReadOnlyMemory<byte>?> Poison(SimulatedTorrent torrent, bool always) => block =>
    {
        var bytes = torrent.Block(block).ToArray();
        bytes[0] ^= (byte)(always ? 0xFF : 0);
        return bytes;
    };

    private static string Why(SimulatedSwarm swarm) =>
        $"{swarm.World.Elapsed} {swarm["leech0"].Row(swarm.Torrent)}\n{string.Join('\n', swarm.World.Trace.Last.TakeLast(15))}";
}
