using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>What the user chose: files, order, strictness, privacy.</summary>
public sealed class ChoiceTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact]
    public void Only_the_chosen_files_are_fetched_and_the_rest_when_chosen_later()
    {
        var swarm = new SwarmBuilder(41).SharingFiles([1_000_000, 1_000_000, 1_000_000], 64 * 1024).Seeds(1, up: 500_000).Leechers(1).Build();
        var (seed, leech) = (swarm["seed0"], swarm["leech0"]);
        seed.Start();
        seed.Add(swarm.Torrent);
        leech.Start();
        leech.Add(swarm.Torrent, priorities: [FilePriority.Skip, FilePriority.Normal, FilePriority.Skip]);

        Assert.True(swarm.World.RunUntil(() => leech.IsComplete(swarm.Torrent), Limit));
        var row = leech.Row(swarm.Torrent)!;
        output.WriteLine($"one file of three: downloaded {row.Downloaded}, have {row.HaveBytes}");
        Assert.InRange(row.Downloaded, 1_000_000, 1_000_000 + (2 * 64 * 1024));

        leech.Command(swarm.Torrent, new P2P.Engine.Swarm.TorrentCommand.SetPriorities([FilePriority.Normal, FilePriority.Normal, FilePriority.Normal]));
        Assert.True(swarm.World.RunUntil(() => leech.Volume.Of(swarm.Torrent).IsComplete() && leech.IsComplete(swarm.Torrent), Limit));
        Assert.Equal(swarm.Torrent.Length, leech.Row(swarm.Torrent)!.Downloaded);
    }

    [Fact]
    public void Strict_tit_for_tat_asks_no_more_than_four_sources_and_still_ends()
    {
        var swarm = new SwarmBuilder(42).Sharing(4 << 20, 64 * 1024).Seeds(8, up: 40_000)
            .Leechers(1).Having(options => options with { StrictTitForTat = true }).Start();
        var most = 0;
        using var watch = swarm.World.RunUntil(() => swarm["leech0"].IsReady && swarm["leech0"].Row(swarm.Torrent) is not null, Limit)
            ? swarm["leech0"].Engine.Find(swarm.Torrent.InfoHash)!.Watch() : null;
        swarm.World.Every(TimeSpan.FromSeconds(1), () => most = Math.Max(most,
            swarm["leech0"].Engine.Find(swarm.Torrent.InfoHash)!.Details?.Choking.Decisions.Count(decision => decision.IsSource) ?? 0));

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]));
        output.WriteLine($"8 seeds of 40 KB/s: complete after {swarm.Durations("leech")[0]:0.0} s with at most {most} sources");
        Assert.InRange(most, 1, 4);
        Assert.True(swarm.Durations("leech")[0] > swarm.Torrent.Length / (4.5 * 40_000));
    }

    [Fact]
    public void A_private_torrent_ends_as_any_other()
    {
        var swarm = new SwarmBuilder(43).Sharing(1 << 20, 64 * 1024).Private().Seeds(1, up: 300_000).Leechers(2, up: 300_000).Start();

        Assert.True(swarm.RunUntilComplete(Limit));
        Assert.True(swarm["leech0"].Row(swarm.Torrent)!.IsPrivate);
    }

    [Fact]
    public void In_order_the_first_half_is_there_first()
    {
        var swarm = new SwarmBuilder(44).Sharing(4 << 20, 32 * 1024).Seeds(2, up: 150_000).Leechers(1).InOrder().Start();
        var leech = swarm["leech0"];
        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.HaveBytes >= swarm.Torrent.Length / 2, Limit));

        var platter = leech.Volume.Of(swarm.Torrent);
        var inFirstHalf = Enumerable.Range(0, swarm.Torrent.PieceCount / 2).Count(platter.Holds);
        output.WriteLine($"{inFirstHalf} of the first {swarm.Torrent.PieceCount / 2} pieces when half is there");
        Assert.True(inFirstHalf > swarm.Torrent.PieceCount / 2 * 0.85);
    }
}
