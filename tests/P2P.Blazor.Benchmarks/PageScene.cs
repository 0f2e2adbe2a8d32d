using System.Collections.Immutable;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;

namespace P2P.Blazor.Benchmarks;

/// <summary>What a measured page shows and how it moves: a made-up session, an address, and what changes with each beat. The same every time.</summary>
/// <param name="Name">Row of the table.</param>
/// <param name="Path">Where the browser goes; "{0}" is the first torrent's infohash.</param>
/// <param name="Make">Makes the session.</param>
/// <param name="Move">Changes it for beat number n.</param>
internal sealed record PageScene(string Name, string Path, Func<FakeEngine> Make, Action<FakeEngine, int> Move)
{
    /// <summary>Windows open at once: the specification's own figures are of 4 to 6.</summary>
    public const int Circuits = 5;

    private const int BeatsOfRound = 10;

    /// <summary>The document is told it is hidden once it is up.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Rows of ui.md 2.16, in its order.</summary>
    public static readonly ImmutableArray<PageScene> All =
    [
        new("list, 1,000 torrents, 15 % active", "/", () => Thousand(), (engine, beat) => MoveRows(engine, beat, 100, 15)),
        new("list, 1,000 torrents, all active", "/", () => Thousand(), (engine, beat) => MoveRows(engine, beat, 100, 100)),
        new("list, 10,000 torrents, 50 active", "/", () => Many(10_000), (engine, beat) => MoveRows(engine, beat, 200, 1)),
        new("peers, 200 connected, 60 % active", "/t/{0}/peers", () => Crowd(200), (engine, beat) => MovePeers(engine, beat, 60)),
        new("choking, 60 ranked", "/t/{0}/choking", () => Crowd(60), (engine, beat) => MovePeers(engine, beat, 100)),
        new("pieces, 100,000, 300 changes", "/t/{0}/pieces", () => Pieces(100_000), (engine, beat) => MovePieces(engine, beat, 300)),
        new("speed chart", "/t/{0}/speed", () => Crowd(8), (engine, beat) => MoveRows(engine, beat, 1, 1)),
        new("list, hidden tab", "/", () => Thousand(), (engine, beat) => MoveRows(engine, beat, 100, 15)) { IsHidden = true },
    ];

    private static FakeEngine Thousand() => Many(1_000);

    private static FakeEngine Many(int torrents) => Prepared(new FakeEngine(torrents, peers: 2));

    private static FakeEngine Crowd(int peers) => Prepared(new FakeEngine(torrents: 1, peers));

    private static FakeEngine Pieces(int count)
    {
        var engine = Crowd(4);
        var torrent = engine.Torrents[0];
        var bits = new byte[(count + 7) / 8];
        torrent.Details = torrent.Details! with
        {
            Summary = torrent.Snapshot with { PieceCount = count, PieceLength = 16 << 10, HavePieces = 0 },
            Pieces = new PieceMapSnapshot(count, [.. bits], [], [.. Enumerable.Repeat((byte)3, count)], [.. Enumerable.Repeat((byte)0xFF, bits.Length)]),
        };
        engine.Publish();
        return engine;
    }

    // Every torrent downloads and none gets done, so that each beat is like the others.
    private static FakeEngine Prepared(FakeEngine engine)
    {
        foreach (var torrent in engine.Torrents)
        {
            torrent.Snapshot = torrent.Snapshot with { State = TorrentState.Downloading, Size = 64L << 30, WantedSize = 64L << 30, Error = null, ErrorCode = null };
        }

        engine.Publish();
        return engine;
    }

    // Of each hundred (or "every") neighbours the same few move, spread over all of them: so in any window the share is right.
    private static void MoveRows(FakeEngine engine, int beat, int every, int moving)
    {
        var torrents = engine.Torrents;
        for (var i = 0; i < torrents.Count; i++)
        {
            if (i * 7 % every < moving)
            {
                var row = torrents[i].Snapshot;
                var rate = 100_000 + ((beat * 7919 + i * 104_729) % 900_000);
                torrents[i].Snapshot = row with
                {
                    DownloadRate = rate,
                    UploadRate = rate / 3,
                    HaveBytes = row.HaveBytes + rate,
                    Downloaded = row.Downloaded + rate,
                    Uploaded = row.Uploaded + (rate / 3),
                    Progress = (double)(row.HaveBytes + rate) / row.Size,
                    EtaSeconds = (row.Size - row.HaveBytes) / rate,
                    Ratio = (double)row.Uploaded / row.Downloaded,
                };
            }
        }
    }

    private static void MovePeers(FakeEngine engine, int beat, int percent)
    {
        var torrent = engine.Torrents[0];
        var details = torrent.Details!;
        var peers = details.Peers.Select((peer, i) => i * 37 % 100 >= percent ? peer : peer with
        {
            DownloadRate = 10_000 + ((beat * 7919 + i * 104_729) % 900_000),
            UploadRate = peer.AmChoking ? 0 : 5_000 + ((beat * 104_729 + i * 7919) % 300_000),
            Downloaded = peer.Downloaded + 100_000,
            Uploaded = peer.Uploaded + (peer.AmChoking ? 0 : 50_000),
            Progress = Math.Min(1, peer.Progress + 0.001),
        }).ToImmutableArray();
        var choking = FakeChoking.Of(peers, isSeeding: false, engine.Now);
        torrent.Details = details with { Version = details.Version + 1, At = engine.Now, Peers = peers, Choking = beat % BeatsOfRound == 0 ? choking : Between(details.Choking, choking) };
    }

    // Between two rounds bytes go on and nothing is decided: ranks, slots, reasons and the rates they were decided by stay.
    private static ChokingSnapshot Between(ChokingSnapshot last, ChokingSnapshot now)
    {
        var figures = now.Decisions.ToDictionary(decision => decision.Peer);
        return now with
        {
            LastRoundAt = last.LastRoundAt,
            NextRoundAt = last.NextRoundAt,
            History = last.History,
            Decisions =
            [
                .. last.Decisions.Select(decision => decision with
                {
                    DownloadRate = figures[decision.Peer].DownloadRate,
                    UploadRate = figures[decision.Peer].UploadRate,
                    Downloaded = figures[decision.Peer].Downloaded,
                    Uploaded = figures[decision.Peer].Uploaded,
                }),
            ],
        };
    }

    private static void MovePieces(FakeEngine engine, int beat, int changes)
    {
        var torrent = engine.Torrents[0];
        var details = torrent.Details!;
        var have = details.Pieces.Have.ToArray();
        for (var i = 0; i < changes; i++)
        {
            var piece = ((beat * changes) + i) * 7919 % details.Pieces.Count;
            have[piece / 8] |= (byte)(0x80 >> (piece % 8));
        }

        torrent.Details = details with
        {
            Version = details.Version + 1,
            At = engine.Now,
            Summary = details.Summary with { HavePieces = Math.Min(details.Pieces.Count, (beat + 1) * changes) },
            Pieces = details.Pieces with { Have = [.. have] },
        };
    }
}
