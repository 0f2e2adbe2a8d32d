using System.Globalization;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Death, power cuts and sick disks: nothing verified is fetched twice, nothing is claimed that is not there.</summary>
public sealed class SurvivalTests(ITestOutputHelper output)
{
    private const int PieceLength = 64 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Survives_kills_at_random_moments_without_fetching_a_verified_piece_twice(int seed)
    {
        var swarm = Pair(seed, length: 8 << 20, seedUp: 400_000);
        var leech = swarm["leech0"];
        var chance = new Random(seed);
        var (kills, twice) = (0, 0);
        var verified = new HashSet<int>();
        swarm.World.Trace.Sink = line =>
        {
            // "wrote <piece> True": hashed and written; a second time means it was fetched again.
            var words = line.Split(' ');
            if (words is [_, "leech0", "wrote", var piece, "True", ..] && !verified.Add(int.Parse(piece, CultureInfo.InvariantCulture)))
            {
                twice++;
            }
        };
        while (!swarm.CompletedAt.ContainsKey("leech0") && kills < 40)
        {
            swarm.World.Run(TimeSpan.FromMilliseconds(chance.Next(100, 5_000)));
            if (leech.Row(swarm.Torrent)?.State == TorrentState.Downloading)
            {
                leech.Kill();
                kills++;
                leech.Start();
            }
        }

        Assert.True(swarm.RunUntilComplete(Limit, leech));
        output.WriteLine($"seed {seed}: {kills} kills, {verified.Count} pieces, {twice} fetched twice, done after {swarm.World.Elapsed}");
        Assert.True(kills >= 3, $"only {kills} kills");
        Assert.Equal(0, twice);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Survives_power_cuts_and_the_record_never_claims_what_the_device_does_not_hold(int seed)
    {
        var swarm = Pair(seed, length: 8 << 20, seedUp: 400_000);
        var leech = swarm["leech0"];
        var chance = new Random(seed);
        var cuts = 0;
        while (!swarm.CompletedAt.ContainsKey("leech0") && cuts < 40)
        {
            swarm.World.Run(TimeSpan.FromMilliseconds(chance.Next(2_000, 12_000)));
            if (leech.Row(swarm.Torrent)?.State == TorrentState.Downloading)
            {
                leech.CutPower();
                cuts++;
                swarm.World.Run(TimeSpan.FromSeconds(chance.Next(1, 5)));
                leech.Start();
            }
        }

        // The world itself fails the run when a record claims too much (SimulatedHost).
        Assert.True(swarm.RunUntilComplete(Limit, leech));
        output.WriteLine($"seed {seed}: {cuts} cuts, {leech.Store.Commits} commits, done after {swarm.World.Elapsed}");
        Assert.True(cuts >= 2, $"only {cuts} cuts");
    }

    [Fact]
    public void A_full_disk_stops_the_torrent_with_a_reason_and_it_goes_on_by_itself()
    {
        var swarm = Pair(21, length: 4 << 20, seedUp: 500_000);
        var leech = swarm["leech0"];
        leech.Volume.Capacity = 1 << 20;

        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.State == TorrentState.Error, Limit));
        Assert.Equal("disk.full", leech.Row(swarm.Torrent)!.ErrorCode);
        swarm.World.Run(TimeSpan.FromMinutes(2));
        leech.Volume.Capacity = long.MaxValue;
        var roomAt = swarm.World.Elapsed;

        Assert.True(swarm.RunUntilComplete(Limit, leech), Why(swarm));
        output.WriteLine($"room at {roomAt}, complete {swarm.CompletedAt["leech0"] - roomAt} later");
        Assert.True(swarm.CompletedAt["leech0"] - roomAt < TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_failed_flush_is_never_believed_later()
    {
        var swarm = Pair(22, length: 4 << 20, seedUp: 300_000);
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(4));
        leech.Volume.FailsFlushes = true;

        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.State == TorrentState.Error, Limit));
        Assert.Equal("disk.io", leech.Row(swarm.Torrent)!.ErrorCode);
        leech.Volume.FailsFlushes = false;
        swarm.World.Run(TimeSpan.FromMinutes(2));
        Assert.Equal(TorrentState.Error, leech.Row(swarm.Torrent)!.State); // a sick disk waits for the user
        leech.StartTorrent(swarm.Torrent);

        // Every record is compared with the device: pieces lost by the failed flush must be fetched again before they are claimed.
        Assert.True(swarm.RunUntilComplete(Limit, leech), Why(swarm));
        Assert.True(Enumerable.Range(0, swarm.Torrent.PieceCount).All(leech.Volume.Of(swarm.Torrent).IsDurable));
    }

    [Fact]
    public void A_write_error_stops_the_torrent_and_start_goes_on()
    {
        var swarm = Pair(23, length: 4 << 20, seedUp: 300_000);
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(3));
        leech.Volume.FailsWrites = true;

        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.State == TorrentState.Error, Limit));
        Assert.Equal("disk.io", leech.Row(swarm.Torrent)!.ErrorCode);
        leech.Volume.FailsWrites = false;
        leech.StartTorrent(swarm.Torrent);

        Assert.True(swarm.RunUntilComplete(Limit, leech), Why(swarm));
    }

    [Fact]
    public void A_read_error_stops_a_seed_and_the_leech_ends_with_another()
    {
        var swarm = new SwarmBuilder(24).Sharing(4 << 20, PieceLength).Seeds(2, up: 200_000).Leechers(1).Start();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        swarm["seed0"].Volume.FailsReads = true;

        Assert.True(swarm.World.RunUntil(() => swarm["seed0"].Row(swarm.Torrent)?.State == TorrentState.Error, Limit));
        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm));
    }

    [Fact]
    public void Stop_and_start_keep_the_blocks_of_unfinished_pieces()
    {
        var swarm = Pair(25, length: 4 << 20, seedUp: 300_000, pieceLength: 512 * 1024);
        var leech = swarm["leech0"];
        var stops = 0;
        while (!swarm.CompletedAt.ContainsKey("leech0") && stops < 6)
        {
            swarm.World.Run(TimeSpan.FromSeconds(1.7));
            if (leech.Row(swarm.Torrent)?.State == TorrentState.Downloading)
            {
                leech.StopTorrent(swarm.Torrent);
                stops++;
                leech.StartTorrent(swarm.Torrent);
            }
        }

        leech.Stop(); // the whole program, once
        leech.Start();
        Assert.True(swarm.RunUntilComplete(Limit, leech), Why(swarm));
        var row = leech.Row(swarm.Torrent)!;
        output.WriteLine($"{stops} stops, downloaded {row.Downloaded} of {swarm.Torrent.Length}, wasted {row.Wasted}");
        Assert.True(stops >= 3);

        // What was in flight at a stop is asked for again, but nothing that arrived is.
        Assert.InRange(row.Downloaded, swarm.Torrent.Length, swarm.Torrent.Length * 1.01);
    }

    [Fact]
    public void A_recheck_finds_a_rotten_block_and_fetches_that_piece_only()
    {
        var swarm = Pair(26, length: 4 << 20, seedUp: 500_000);
        var leech = swarm["leech0"];
        Assert.True(swarm.RunUntilComplete(Limit, leech));
        leech.Volume.Of(swarm.Torrent).Corrupt(5, 1);

        var before = leech.Row(swarm.Torrent)!.Downloaded;
        leech.Command(swarm.Torrent, new P2P.Engine.Swarm.TorrentCommand.Recheck());
        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)!.State == TorrentState.Checking, Limit));
        Assert.True(swarm.World.RunUntil(() => leech.IsComplete(swarm.Torrent), Limit), Why(swarm));

        Assert.True(leech.Volume.Of(swarm.Torrent).IsComplete());
        Assert.Equal(PieceLength, leech.Row(swarm.Torrent)!.Downloaded - before);
    }

    [Fact]
    public void A_recheck_while_downloading_keeps_what_is_right()
    {
        var swarm = Pair(27, length: 4 << 20, seedUp: 300_000);
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(6));
        leech.Command(swarm.Torrent, new P2P.Engine.Swarm.TorrentCommand.Recheck());

        Assert.True(swarm.RunUntilComplete(Limit, leech), Why(swarm));
        var row = leech.Row(swarm.Torrent)!;
        output.WriteLine($"downloaded {row.Downloaded} of {swarm.Torrent.Length}");
        Assert.InRange(row.Downloaded, swarm.Torrent.Length, swarm.Torrent.Length + (16 * PieceLength));
    }

    private static SimulatedSwarm Pair(int seed, long length, long seedUp, int pieceLength = PieceLength) =>
        new SwarmBuilder(seed).Sharing(length, pieceLength).Seeds(1, up: seedUp).Leechers(1).Start();

    private static string Why(SimulatedSwarm swarm) =>
        $"{swarm.World.Elapsed} {swarm["leech0"].Row(swarm.Torrent)}\n{string.Join('\n', swarm.World.Trace.Last.TakeLast(15))}";
}
