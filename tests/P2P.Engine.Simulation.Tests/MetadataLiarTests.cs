using System.Globalization;
using System.Net;
using System.Text;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Peers that lie about an info dictionary, row by row: what they hold up, and what becomes of them (reliability.md 3.4, R-M02, R-M03).</summary>
public sealed class MetadataLiarTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    [Theory] // G20: whoever tells a size that cannot be is not asked, and holds up nobody
    [InlineData("G20", "i0e")]
    [InlineData("G20", "i-1e")]
    [InlineData("G20", "i33554433e")]
    [InlineData("G20", "i9223372036854775807e")]
    [InlineData("G20", "1:x")]
    public void Row_of_a_size_that_cannot_be(string row, string size)
    {
        var (seconds, liars) = FetchBeside(seed: 81, number => new Liar { RawSize = size });

        output.WriteLine($"{row} {size}: metadata after {seconds:0.0} s");
        Assert.Equal(0, liars.Sum(liar => liar.Asked));
        Assert.Equal(10, liars.Sum(liar => liar.Greeted));
    }

    [Theory] // ten sizes, or one, of liars that answer wrongly, never, or so slowly that they are never quite too slow
    [InlineData("G21", 82, 0)]
    [InlineData("G21 and G29", 83, -1)]
    [InlineData("R-M03, drip of many sizes", 84, 5)]
    [InlineData("R-M03, drip of many sizes", 85, 5)]
    [InlineData("R-M03, drip of many sizes", 86, 7)]
    [InlineData("R-M03, drip of the right size", 87, 5)]
    [InlineData("R-M03, drip of the right size", 88, 7)]
    public void Row_of_liars_that_take_up_room(string row, int seed, int pause)
    {
        var isOfOneSize = row.Contains("right", StringComparison.Ordinal);
        var (seconds, liars) = FetchBeside(seed, number => new Liar
        {
            Size = size => isOfOneSize ? size : pause > 0 ? 33_554_432 - number : size + (number % 2 == 0 ? 20_000 + number : -20_000 - number),
            Pause = pause < 0 ? null : TimeSpan.FromSeconds(pause),
        });

        output.WriteLine($"{row}: metadata after {seconds:0.0} s, {liars.Sum(liar => liar.Asked)} parts asked of liars");
        Assert.True(liars.Sum(liar => liar.Asked) > 0);
    }

    [Theory] // what each offence costs, and that the third strike in ten minutes is a ban of an hour
    [InlineData("G23, part -1", "meta.invalid")]
    [InlineData("G23, part past the end", "meta.invalid")]
    [InlineData("G23, another total", "meta.invalid")]
    [InlineData("G24, middle part too short", "meta.invalid")]
    [InlineData("G24, last part too long", "meta.invalid")]
    [InlineData("G25, data never asked for", "meta.unsolicited")]
    [InlineData("G26, 17,409 bytes", "meta.invalid")]
    [InlineData("G26, no dictionary", "meta.invalid")]
    [InlineData("G26, no type", "meta.invalid")]
    public void Row_of_an_offence(string row, string code)
    {
        var (swarm, taker, liar, strikes) = Alone(seed: 89, new Liar { Offence = row });

        swarm.World.Run(TimeSpan.FromMinutes(59));

        Assert.Equal(3, strikes.Count);
        Assert.All(strikes, strike => Assert.Contains(code, strike, StringComparison.Ordinal));
        Assert.Equal((3, 3), (liar.Greeted, liar.Peer!.Ended));

        // The ban is over after an hour.
        swarm.World.Run(TimeSpan.FromMinutes(10));
        Assert.True(liar.Greeted > 3, $"{liar.Greeted}");
        Assert.Equal(TorrentState.Metadata, taker.Row(swarm.Torrent)!.State);
    }

    [Theory] // what is no offence: the connection stays, and the peer is asked again when its rest is over
    [InlineData("G22", 300, 310)]
    [InlineData("G27", 60, 70)]
    [InlineData("G29", 60, 70)]
    [InlineData("refuses", 30, 40)]
    public void Row_of_a_rest(string row, int least, int most)
    {
        var (swarm, _, liar, strikes) = Alone(seed: 90, new Liar { Offence = row, Pause = row == "G29" ? null : TimeSpan.Zero });

        swarm.World.Run(TimeSpan.FromMinutes(20));

        var rounds = liar.AskedAt.Zip(liar.AskedAt.Skip(1), (one, next) => (next - one).TotalSeconds).Where(pause => pause > 10).ToList();
        output.WriteLine($"{row}: asked again after {string.Join(", ", rounds.Select(pause => $"{pause:0}"))} s");
        Assert.NotEmpty(rounds);
        Assert.All(rounds, pause => Assert.InRange(pause, least, most));
        Assert.Equal((1, 0), (liar.Greeted, liar.Peer!.Ended));
        Assert.Empty(strikes);
    }

    // A taker, ten liars and an honest peer that stands anywhere in the list; seconds until the metadata is here.
    private static (double Seconds, Liar[] Liars) FetchBeside(int seed, Func<int, Liar> make)
    {
        // 4 parts of metadata.
        var swarm = new SwarmBuilder(seed).Sharing(40 << 20, 16 * 1024).Seeds(1, up: 500_000).Start();
        Liar[] liars = [.. Enumerable.Range(0, 10).Select(make)];
        var endpoints = liars.Select((liar, i) => liar.Listen(swarm, i)).Append(swarm["seed0"].Endpoint).ToArray();
        swarm.World.Random.Shuffle(endpoints);
        Assert.True(swarm.World.RunUntil(() => swarm["seed0"].IsComplete(swarm.Torrent), Minute)); // It takes up no connection before.
        var taker = Taker(swarm);
        var began = swarm.World.Elapsed;

        taker.AddMagnet(Link(swarm.Torrent, endpoints), chooseFiles: true);

        Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { State: TorrentState.Stopped }, Minute), $"seed {seed}: {taker.Row(swarm.Torrent)}");
        return ((swarm.World.Elapsed - began).TotalSeconds, liars);
    }

    // A taker that knows one peer, a liar.
    private static (SimulatedSwarm Swarm, SimulatedHost Taker, Liar Liar, List<string> Strikes) Alone(int seed, Liar liar)
    {
        var swarm = new SwarmBuilder(seed).Sharing(20 << 20, 16 * 1024).Build();
        List<string> strikes = [];
        swarm.World.Trace.Sink = line => strikes.AddRange(line.Contains("gets a strike", StringComparison.Ordinal) ? [line] : []);
        var endpoint = liar.Listen(swarm, 0);
        var taker = Taker(swarm);
        taker.AddMagnet(Link(swarm.Torrent, endpoint));
        return (swarm, taker, liar, strikes);
    }

    private static string Link(SimulatedTorrent torrent, params PeerEndpoint[] peers) =>
        $"magnet:?xt=urn:btih:{torrent.InfoHash}{string.Concat(peers.Select(peer => $"&x.pe={peer}"))}";

    private static SimulatedHost Taker(SimulatedSwarm swarm)
    {
        var taker = new SimulatedHost(swarm.Network, "taker", IPAddress.Parse("10.90.1.1"), new Link(Down: 2_000_000, Latency: TimeSpan.FromMilliseconds(20)));
        taker.Start();
        return taker;
    }

    /// <summary>One that has no info dictionary and says it has; counts what it is asked.</summary>
    private sealed class Liar
    {
        /// <summary>What it tells as the size, given the true one.</summary>
        public Func<int, int> Size { get; init; } = size => size;

        /// <summary>As it is bencoded, when that is not what an honest handshake could say.</summary>
        public string? RawSize { get; init; }

        /// <summary>Before each answer; null = it never answers.</summary>
        public TimeSpan? Pause { get; init; } = TimeSpan.Zero;

        /// <summary>The row it breaks; wrong bytes of the right length otherwise.</summary>
        public string Offence { get; init; } = "";

        public ScriptedPeer? Peer { get; private set; }

        public int Greeted { get; private set; }

        public int Asked => AskedAt.Count;

        public List<TimeSpan> AskedAt { get; } = [];

        public PeerEndpoint Listen(SimulatedSwarm swarm, int number)
        {
            Peer = swarm.Scripted($"liar{number}");
            var (world, told) = (swarm.World, Size(swarm.Torrent.Metainfo.InfoBytes.Length));
            var noise = new byte[told];
            if (RawSize is null)
            {
                new Random(number).NextBytes(noise.AsSpan(0, Math.Min(told, 1 << 20)));
            }

            Peer.Listen(async wire =>
            {
                var theirs = await MetadataScript.GreetAsync(wire, wire.Torrent.InfoHash, Hello(told));
                Greeted++;
                for (var i = 0; i < 40 && Offence.StartsWith("G25", StringComparison.Ordinal); i++)
                {
                    await wire.SendAsync(MetadataScript.Part(i % 2, noise) with { Begin = theirs });
                }

                wire.Stay();
                await MetadataScript.GiveAsync(wire, theirs, part =>
                {
                    AskedAt.Add(world.Elapsed);
                    if (Pause is { } pause && pause > TimeSpan.Zero)
                    {
                        // Each answer by itself, so that none comes later than the pause.
                        wire.Beside(async () =>
                        {
                            await wire.Delay(pause);
                            await wire.SendAsync(Answer(part, noise) with { Begin = theirs });
                        });
                    }

                    return Pause == TimeSpan.Zero ? Answer(part, noise) : null;
                });
            });
            return Peer.Endpoint;
        }

        private PeerMessage Hello(int told) => new(MessageId.Extended, Begin: ExtensionHandshake.SubId)
        {
            Payload = Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"d1:md11:ut_metadatai{MetadataScript.OurSubId}ee13:metadata_size{RawSize ?? $"i{told}e"}e")),
        };

        private PeerMessage Answer(int part, byte[] noise) => Offence switch
        {
            "G23, part -1" => Data(-1, noise.Length, MetadataMessage.PartLength),
            "G23, part past the end" => Data(1_000, noise.Length, MetadataMessage.PartLength),
            "G23, another total" => MetadataScript.Part(part, noise, total: noise.Length + 1),
            "G24, middle part too short" => Data(0, noise.Length, MetadataMessage.PartLength - 1),
            "G24, last part too long" => Data(1, noise.Length, MetadataMessage.PartLength),
            "G26, 17,409 bytes" => Raw(new string('x', 17_409 - "d8:msg_typei1e5:piecei0e10:total_sizei20000ee".Length), "d8:msg_typei1e5:piecei0e10:total_sizei20000ee"),
            "G26, no dictionary" => Raw("", "li1ei0ee"),
            "G26, no type" => Raw("", "d5:piecei0ee"),
            "G27" => Raw("", "d8:msg_typei99e5:piecei0ee"),
            "refuses" => new MetadataMessage(MetadataMessageType.Reject, part, 0, default).ToMessage(subId: 0),
            _ => MetadataScript.Part(part, noise),
        };

        private static PeerMessage Data(int part, int total, int length) =>
            new MetadataMessage(MetadataMessageType.Data, part, total, new byte[length]).ToMessage(subId: 0);

        private static PeerMessage Raw(string tail, string header) => new(MessageId.Extended) { Payload = Encoding.ASCII.GetBytes(header + tail) };
    }
}
