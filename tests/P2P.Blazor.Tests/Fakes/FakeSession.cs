using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Invents rows, peers, rounds and pieces that fit together: sums add up, states match numbers. Pure; the index is the seed.</summary>
public static class FakeSession
{
    private const int PieceLength = 262_144;

    private static readonly ImmutableArray<string> Names =
        ["debian-13.1.0-amd64-netinst.iso", "Sintel (2010) open movie", "age.txt", "Kiwix Wikipedia en 2026-02", "Big Buck Bunny", "arch-linux-2026.03.iso"];

    private static readonly ImmutableArray<string> Clients =
        ["qBittorrent 5.1.2", "Transmission 4.0.6", "libtorrent 2.0.8", "aria2 1.37.0", "P2P.Blazor 0.1.0", "Deluge 2.2.0", "µTorrent 3.5.5", "Unknown"];

    /// <summary>The session's own numbers around the given rows.</summary>
    public static SessionSnapshot Session(long version, DateTimeOffset now, ImmutableArray<TorrentSnapshot> rows) => new()
    {
        Version = version,
        At = now,
        Torrents = rows,
        DownloadRate = rows.Sum(row => row.DownloadRate),
        UploadRate = rows.Sum(row => row.UploadRate),
        MaxUploadRate = 4 << 20,
        Connections = rows.Sum(row => row.ConnectedPeers),
        ListenPort = 6881,
        FreeBytes = 412L << 30,
        DhtNodes = 312,
        StartedAt = now - TimeSpan.FromHours(26),
    };

    /// <summary>Torrent number <paramref name="index"/>: states take turns (downloading, seeding, stopped, checking, queued, error, metadata) unless one is given.</summary>
    public static TorrentDetails Details(
        int index, int peers, DateTimeOffset now, TorrentState? state = null, InfoHash? infoHash = null, string? name = null)
    {
        ImmutableArray<TorrentState> turns =
            [TorrentState.Downloading, TorrentState.Seeding, TorrentState.Stopped, TorrentState.Checking, TorrentState.Queued, TorrentState.Error, TorrentState.Metadata];
        var current = state ?? turns[index % turns.Length];
        if (current == TorrentState.Metadata)
        {
            return Metadata(infoHash ?? HashOf(index), name ?? Names[index % Names.Length], now);
        }

        var isNew = state is not null;
        var pieces = 40 + (index * 37 % 400);
        var have = current switch { TorrentState.Seeding => pieces, _ when isNew => 0, _ => pieces * (30 + (index * 13 % 60)) / 100 };
        var size = ((long)pieces * PieceLength) - 1_000;
        var haveBytes = Math.Min(size, (long)have * PieceLength);
        var isRunning = current is TorrentState.Downloading or TorrentState.Seeding;
        var people = isRunning ? Peers(index, peers, current == TorrentState.Seeding, now) : [];
        var (down, up) = (people.Sum(peer => peer.DownloadRate), people.Sum(peer => peer.UploadRate));
        var summary = new TorrentSnapshot
        {
            InfoHash = infoHash ?? HashOf(index),
            Name = name ?? (index < Names.Length ? Names[index] : $"{Names[index % Names.Length]} #{index}"),
            State = current,
            Progress = (double)haveBytes / size,
            Size = size,
            WantedSize = size,
            HaveBytes = haveBytes,
            Downloaded = haveBytes + 16_384,
            Uploaded = haveBytes / 2,
            Wasted = 16_384,
            DownloadRate = down,
            UploadRate = up,
            ConnectedPeers = people.Length,
            Seeds = people.Count(peer => peer.IsSeed),
            KnownPeers = 20 + index,
            UnchokingUs = people.Count(peer => !peer.IsChoking),
            Unchoked = people.Count(peer => !peer.AmChoking),
            Availability = people.Length == 0 ? -1 : 2.37,
            EtaSeconds = down > 0 ? (size - haveBytes) / down : null,
            Ratio = 0.5,
            Error = current == TorrentState.Error ? "The disk is full: free 1.2 GiB on the volume of the shared folder; it goes on by itself." : null,
            ErrorCode = current == TorrentState.Error ? "disk.full" : null,
            Reason = ReasonOf(current, people),
            AddedAt = now - TimeSpan.FromHours(index + 1),
            CompletedAt = current == TorrentState.Seeding ? now - TimeSpan.FromMinutes(20) : null,
            SavePath = current == TorrentState.Seeding ? "/srv/p2p/shared" : "/srv/p2p/incomplete",
            PieceCount = pieces,
            PieceLength = PieceLength,
            HavePieces = have,
        };
        return new TorrentDetails
        {
            Version = 1,
            At = now,
            Summary = summary,
            Peers = people,
            KnownPeers = FakePeers.Known(people, now),
            Files = Files(summary),
            Trackers = Trackers(now),
            Pieces = Pieces(pieces, have, isRunning && current == TorrentState.Downloading),
            Choking = FakeChoking.Of(people, current == TorrentState.Seeding, now),
            Discovery = FakeDiscovery.Sources(now, summary.IsPrivate),
            Magnet = MagnetOf(summary),
            Comment = "A made-up torrent.",
            CreatedBy = "FakeSession",
            CreatedAt = now - TimeSpan.FromDays(40),
        };
    }

    /// <summary>A magnet link that knows nothing yet but two peers that offer 48 KiB of metadata, 32 of which are here.</summary>
    public static TorrentDetails Metadata(InfoHash infoHash, string? name, DateTimeOffset now)
    {
        var people = Peers(0, 2, isSeeding: false, now).Select(peer => peer with { DownloadRate = 0, UploadRate = 0, Downloaded = 0, Uploaded = 0, Progress = 0 }).ToImmutableArray();
        var summary = new TorrentSnapshot
        {
            InfoHash = infoHash,
            Name = name ?? infoHash.ToString(),
            State = TorrentState.Metadata,
            Progress = 0,
            Size = 0,
            ConnectedPeers = people.Length,
            KnownPeers = 9,
            Reason = "Fetches the metadata from 2 peers.",
            AddedAt = now,
            SavePath = "/srv/p2p/shared",
        };
        return new TorrentDetails
        {
            Version = 1,
            At = now,
            Summary = summary,
            Peers = people,
            Pieces = new PieceMapSnapshot(0, [], [], [], []),
            Choking = FakeChoking.Of([], false, now),
            Discovery = FakeDiscovery.Sources(now, isPrivate: false),
            Magnet = MagnetOf(summary),
            Metadata = new MetadataProgress(32 << 10, 48 << 10, 2, 0),
        };
    }

    /// <summary>The same torrent later: bytes move by the rates, a full one turns to seeding.</summary>
    public static TorrentDetails After(TorrentDetails details, TimeSpan time, DateTimeOffset now)
    {
        var row = details.Summary;
        var received = Math.Min(row.Size - row.HaveBytes, (long)(row.DownloadRate * time.TotalSeconds));
        var haveBytes = row.HaveBytes + received;
        var isDone = haveBytes == row.Size && row.State == TorrentState.Downloading;
        var have = haveBytes == row.Size ? row.PieceCount : (int)(haveBytes / row.PieceLength);
        var next = row with
        {
            HaveBytes = haveBytes,
            HavePieces = have,
            Downloaded = row.Downloaded + received,
            Uploaded = row.Uploaded + (long)(row.UploadRate * time.TotalSeconds),
            Progress = (double)haveBytes / row.Size,
            State = isDone ? TorrentState.Seeding : row.State,
            CompletedAt = isDone ? now : row.CompletedAt,
            DownloadRate = isDone ? 0 : row.DownloadRate,
            EtaSeconds = isDone || row.DownloadRate == 0 ? null : (row.Size - haveBytes) / row.DownloadRate,
            Reason = isDone ? "Complete; shares with others." : row.Reason,
        };
        return details with
        {
            Version = details.Version + 1,
            At = now,
            Summary = next,
            Files = Files(next),
            Pieces = Pieces(next.PieceCount, have, next.State == TorrentState.Downloading),
            Peers = [.. details.Peers.Select(peer => peer with
            {
                Downloaded = peer.Downloaded + (isDone ? 0 : (long)(peer.DownloadRate * time.TotalSeconds)),
                Uploaded = peer.Uploaded + (long)(peer.UploadRate * time.TotalSeconds),
                DownloadRate = isDone ? 0 : peer.DownloadRate,
            })],
        };
    }

    /// <summary>What <see cref="FakeEngine.Inspect"/> answers: three files, the name from "4:name", "bencode.syntax" for anything not a dictionary.</summary>
    public static TorrentPreview Preview(ReadOnlyMemory<byte> torrentFile, Func<InfoHash, bool> isPresent)
    {
        if (torrentFile.IsEmpty || torrentFile.Span[0] != (byte)'d')
        {
            throw new TorrentEngineException("bencode.syntax", "This is not a .torrent file: it does not begin with a dictionary.") { Offset = 0 };
        }

        var text = Encoding.UTF8.GetString(torrentFile.Span);
        var at = text.IndexOf("4:name", StringComparison.Ordinal);
        var name = at < 0 ? "unnamed" : text[(text.IndexOf(':', at + 6) + 1)..^2];
        var hash = FakeEngine.HashOf(torrentFile);
        return new TorrentPreview(
            hash, name, 40L * PieceLength, PieceLength, 40, IsPrivate: false, "A made-up torrent.", "FakeSession", null,
            [new(0, $"{name}/film.mkv", 9_000_000), new(1, $"{name}/extras/poster.jpg", 400_000), new(2, $"{name}/read me.txt", 1_085_760)],
            [["http://127.0.0.1:6969/announce"]], isPresent(hash), []);
    }

    private static ImmutableArray<PeerSnapshot> Peers(int torrent, int count, bool isSeeding, DateTimeOffset now) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            var isSeed = !isSeeding && i % 4 == 3;
            var isUnchoked = i < 4 && !isSeed || i == 4;
            return new PeerSnapshot
            {
                Endpoint = new PeerEndpoint(new IPAddress([198, 51, 100, (byte)(1 + (i % 250))]), 6881 + torrent + i),
                Client = Clients[i % Clients.Length],
                IsIncoming = i % 2 == 1,
                IsSeed = isSeed,
                Progress = isSeed ? 1 : ((i * 23) + 11) % 100 / 100d,
                AmChoking = !isUnchoked,
                AmInterested = !isSeeding,
                IsChoking = isSeeding || i % 5 == 4,
                IsInterested = !isSeed && i % 7 != 6,
                IsSnubbed = !isSeeding && i == 5,
                IsOptimistic = i == 4,
                DownloadRate = isSeeding || i % 5 == 4 || i == 5 ? 0 : 640_000 / (i + 1),
                UploadRate = isUnchoked ? 210_000 / (i + 1) : 0,
                Downloaded = isSeeding ? 0 : 30_000_000L / (i + 1),
                Uploaded = isUnchoked ? 9_000_000L / (i + 1) : 0,
                RequestsOut = isSeeding || i % 5 == 4 ? 0 : 32,
                RequestsIn = isUnchoked ? 8 : 0,
                ConnectedAt = now - TimeSpan.FromSeconds(90 + (i * 61)),
                HasFast = i % 3 != 0,
                WeWantPieces = isSeeding ? 0 : 8 + (i * 5 % 40),
                TheyLackPieces = isSeed ? 0 : 3 + (i * 11 % 60),
            };
        }),
    ];

    private static ImmutableArray<FileSnapshot> Files(TorrentSnapshot row)
    {
        var (first, second) = (row.Size * 3 / 4, row.Size / 5);
        ImmutableArray<(string Path, long Length, FilePriority Priority)> files =
        [
            ($"{row.Name}/film.mkv", first, FilePriority.High),
            ($"{row.Name}/extras/poster.jpg", second, FilePriority.Normal),
            ($"{row.Name}/read me.txt", row.Size - first - second, FilePriority.Low),
        ];
        return [.. files.Select((file, i) => new FileSnapshot(i, file.Path, file.Length, (long)(file.Length * (double)row.HaveBytes / row.Size), file.Priority)
        {
            FirstPiece = (int)(files.Take(i).Sum(before => before.Length) / row.PieceLength),
            LastPiece = (int)((files.Take(i + 1).Sum(before => before.Length) - 1) / row.PieceLength),
        })];
    }

    private static ImmutableArray<TrackerSnapshot> Trackers(DateTimeOffset now) =>
    [
        new()
        {
            Url = "http://tracker.example/announce", State = TrackerState.Working, Message = "working, 12 peers", Seeds = 4, Leechers = 8,
            Downloads = 512, Peers = 12, LastAnnounceAt = now - TimeSpan.FromMinutes(7), NextAnnounceAt = now + TimeSpan.FromMinutes(23),
        },
        new()
        {
            Url = "udp://tracker.example:6969", Tier = 1, State = TrackerState.Failing, Message = "no answer within 15 s; tried 2 times",
            LastAnnounceAt = now - TimeSpan.FromMinutes(1), NextAnnounceAt = now + TimeSpan.FromMinutes(4),
        },
    ];

    private static PieceMapSnapshot Pieces(int count, int have, bool isDownloading)
    {
        var (haveBits, wanted) = (new byte[(count + 7) / 8], new byte[(count + 7) / 8]);
        for (var piece = 0; piece < count; piece++)
        {
            var bit = (byte)(0x80 >> (piece % 8));
            wanted[piece / 8] |= bit;
            haveBits[piece / 8] |= piece < have ? bit : (byte)0;
        }

        var active = isDownloading
            ? Enumerable.Range(have, Math.Min(3, count - have)).Select(piece => new ActivePieceSnapshot(piece, 16, 5, 8) { Suppliers = FakePeers.Suppliers }).ToImmutableArray()
            : [];
        return new PieceMapSnapshot(count, [.. haveBits], active, [.. Enumerable.Range(0, count).Select(piece => (byte)(1 + (piece * 7 % 6)))], [.. wanted]);
    }

    private static InfoHash HashOf(int index) => new(SHA1.HashData(Encoding.UTF8.GetBytes($"fake torrent {index}")));

    private static string MagnetOf(TorrentSnapshot row) =>
        $"magnet:?xt=urn:btih:{row.InfoHash}&dn={Uri.EscapeDataString(row.Name)}&tr={Uri.EscapeDataString("http://tracker.example/announce")}";

    private static string ReasonOf(TorrentState state, ImmutableArray<PeerSnapshot> peers) => state switch
    {
        TorrentState.Downloading when peers.Length == 0 => "Looking for peers.",
        TorrentState.Downloading => $"Downloading from {peers.Count(peer => peer.DownloadRate > 0)} of {peers.Length} peers.",
        TorrentState.Seeding => "Complete; shares with others.",
        TorrentState.Stopped => "Stopped by you.",
        TorrentState.Checking => "Checks what is on disk.",
        TorrentState.Queued => "Waits for its turn.",
        _ => "The disk is full.",
    };
}
