using System.Collections.Immutable;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>What one magnet link is and what its record says. Immutable.</summary>
internal sealed record MetadataSetup
{
    public required MagnetLink Magnet { get; init; }

    public required int Seed { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>Announce URLs by tier as they are used: the link's own, or as edited.</summary>
    public ImmutableArray<ImmutableArray<string>> Trackers { get; init; } = [];

    /// <summary>It will be told to start as soon as its record is durable.</summary>
    public bool WillStart { get; init; }

    public bool IsSequential { get; init; }

    public bool? IsStrict { get; init; }

    /// <summary>Absolute folder the files will go to.</summary>
    public required string SavePath { get; init; }
}

/// <summary>The owner of a magnet link's swarm until its info dictionary is here; then the session makes a <see cref="TorrentLoop"/> of it (BEP 9).</summary>
internal sealed class MetadataLoop(TorrentContext context, MetadataSetup setup, SwarmRules rules) : SwarmLoop(context.Scheduler)
{
    public override InfoHash InfoHash => setup.Magnet.InfoHash;

    public override (long Uploaded, long Downloaded, long Left) Totals => (0, 0, 1);

    public override TorrentSnapshot FirstRow() => throw new NotImplementedException();

    protected override void Handle(TorrentCommand message) => throw new NotImplementedException(rules.ToString());

    protected override void OnFault(Exception exception) => throw new NotImplementedException();
}
