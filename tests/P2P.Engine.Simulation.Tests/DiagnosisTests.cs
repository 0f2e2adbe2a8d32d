using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>What rows say in whole swarms, and that a row nobody could tell from the last stays the same object.</summary>
public sealed class DiagnosisTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public void A_leech_whose_seed_has_no_slots_is_told_to_look_at_choking()
    {
        var swarm = new SwarmBuilder(61).Sharing(1 << 20, 64 * 1024)
            .Seeds(1).Having(static options => options with { RegularSlots = 0, OptimisticSlots = 0 })
            .Leechers(1).Start();
        var leech = swarm["leech0"];

        // What the fast extension gives without a slot comes first.
        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.Diagnosis.Code == DiagnosisCode.AllChoked, Soon), Why(swarm));
        swarm.World.Run(TimeSpan.FromMinutes(1));
        var row = leech.Row(swarm.Torrent)!;
        Assert.Equal((DiagnosisRemedy.SeeChoking, row.Diagnosis.Sentence), (row.Diagnosis.Remedy, row.Reason));

        swarm.World.Run(TimeSpan.FromSeconds(20));
        Assert.Same(row, leech.Row(swarm.Torrent));
        Assert.Equal(DiagnosisCode.NoInterest, swarm["seed0"].Row(swarm.Torrent)!.Diagnosis.Code);
    }

    [Fact]
    public void A_leech_held_at_its_limit_is_told_so()
    {
        var swarm = new SwarmBuilder(62).Sharing(4 << 20, 64 * 1024)
            .Seeds(2, up: 2_000_000).Leechers(1).Having(static options => options with { MaxDownloadRate = 100_000 }).Start();

        Assert.True(swarm.World.RunUntil(() => swarm["leech0"].Row(swarm.Torrent)?.Diagnosis.Code == DiagnosisCode.RateLimited, Soon), Why(swarm));
        Assert.Equal("Held at your 100 kB/s limit; 2 of 2 peers would give more.", swarm["leech0"].Row(swarm.Torrent)!.Reason);
    }

    [Fact]
    public void A_swarm_that_lost_its_seed_says_how_many_pieces_are_gone()
    {
        var swarm = new SwarmBuilder(63).Sharing(8 << 20, 64 * 1024).Seeds(1, up: 200_000).Leechers(2).Start();
        swarm.World.Run(TimeSpan.FromSeconds(15));
        swarm["seed0"].Stop();

        bool IsStuck(string name) => swarm[name].Row(swarm.Torrent)?.Diagnosis.Code is DiagnosisCode.Stalled or DiagnosisCode.NotAvailable;
        Assert.True(swarm.World.RunUntil(() => IsStuck("leech0") && IsStuck("leech1"), Soon), Why(swarm));
        Assert.All(["leech0", "leech1"], name => Assert.Equal(DiagnosisRemedy.SeePieces, swarm[name].Row(swarm.Torrent)!.Diagnosis.Remedy));
    }

    [Fact]
    public void A_stopped_torrent_says_when_and_a_lonely_one_waits_for_its_tracker()
    {
        var swarm = new SwarmBuilder(64).Sharing(1 << 20, 64 * 1024).Leechers(1).Start();
        var leech = swarm["leech0"];
        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.Diagnosis is { Code: DiagnosisCode.WaitingForTracker, Arguments.Length: 1 }, Soon), Why(swarm));
        leech.StopTorrent(swarm.Torrent);
        swarm.World.Run(TimeSpan.FromSeconds(2));

        var row = leech.Row(swarm.Torrent)!;
        Assert.Equal((DiagnosisCode.Stopped, DiagnosisRemedy.Start), (row.Diagnosis.Code, row.Diagnosis.Remedy));
        Assert.NotNull(row.Diagnosis.Arguments[0].At);
    }

    private static string Why(SimulatedSwarm swarm) => $"{swarm.World.Elapsed} {swarm["leech0"].Row(swarm.Torrent)}";
}
