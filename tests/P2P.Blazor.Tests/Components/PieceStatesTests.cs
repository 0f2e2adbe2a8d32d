using System.Collections.Immutable;
using System.Net;
using CsCheck;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class PieceStatesTests
{
    private static readonly PieceMapSnapshot Map = new(
        6, [0b1000_0000], [new(1, 16, 4, 0), new(2, 16, 0, 8) { Suppliers = [new(IPAddress.Loopback, 7)] }], [1, 0, 3, 255, 2, 9], [0b1111_0100]);

    [Fact]
    public void Indexer_PieceMap_TellsTheSixStates() =>
        Assert.Equal(
            [PieceState.Have, PieceState.Partial, PieceState.Requested, PieceState.Missing, PieceState.Skipped, PieceState.Failed],
            Enumerable.Range(0, 6).Select(piece => States(Map, 5)[piece]));

    [Fact]
    public void Indexer_AFailedPieceThatIsHereSince_IsHere() => Assert.Equal(PieceState.Have, States(Map, 0)[0]);

    [Fact]
    public void ChangesSince_AnyTwoMaps_TurnTheFirstIntoTheSecond() =>
        Gen.Select(Gen.Byte.Array[40], Gen.Byte.Array[40], Gen.Byte.Array[40], Gen.Int[0, 319].Array[0, 9], Gen.Int[0, 319].Array[0, 9]).Sample((before, after, wanted, activeBefore, activeAfter) =>
        {
            var (one, other) = (Of(before, wanted, activeBefore), Of(after, wanted, activeAfter));
            var patched = one.All();
            var changes = other.ChangesSince(one)!;
            for (var at = 0; at < changes.Length; at += 4)
            {
                patched[(changes[at] << 16) | (changes[at + 1] << 8) | changes[at + 2]] = changes[at + 3];
            }

            return patched.SequenceEqual(other.All()) && changes.Chunk(4).Select(change => (change[0], change[1], change[2])).Distinct().Count() == changes.Length / 4;
        }, iter: 100);

    // 1,280 bytes would be changes, the whole is 50,000 and a quarter of it 12,500.
    [Theory]
    [InlineData(3_000, true)]
    [InlineData(3_200, false)]
    public void ChangesSince_MoreThanAQuarterOfTheWhole_IsNotTold(int changed, bool isTold)
    {
        var bits = new byte[12_500];
        var before = new PieceStates(1, new PieceMapSnapshot(100_000, [.. bits], [], [], [.. bits]), []);
        for (var piece = 0; piece < changed; piece++)
        {
            bits[piece >> 3] |= (byte)(0x80 >> (piece & 7));
        }

        Assert.Equal(isTold, new PieceStates(2, before.Pieces with { Have = [.. bits] }, []).ChangesSince(before) is not null);
    }

    [Fact]
    public void ChangesSince_AnotherTorrent_IsNotTold() => Assert.Null(States(Map).ChangesSince(new PieceStates(1, new PieceMapSnapshot(0, [], [], [], []), [])));

    [Fact]
    public void Pack_OddCount_PutsTheFirstIntoTheUpperHalf() => Assert.Equal([0x12, 0x30], PieceStates.Pack(3, piece => piece + 1));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(15, 4)]
    [InlineData(16, 5)]
    [InlineData(255, 5)]
    public void LevelOf_Copies_IsOneOfSix(int copies, int level) => Assert.Equal(level, PieceStates.LevelOf(copies));

    [Fact]
    public void Next_FromTheLast_GoesRoundAbout()
    {
        Assert.Equal(1, States(Map).Next(5, piece => piece is 1 or 3));
        Assert.Equal(3, States(Map).Next(1, piece => piece is 1 or 3));
        Assert.Equal(0, States(Map).Next(-1, _ => true));
        Assert.Equal(-1, States(Map).Next(2, _ => false));
    }

    [Fact]
    public void Ranges_Neighbours_AreOneWithTheirCopies()
    {
        var ranges = States(new PieceMapSnapshot(5, [0b1100_0000], [], [1, 4, 2, 2, 0], [0xFF])).Ranges(10);

        Assert.Equal([new PieceRange(0, 1, PieceState.Have, 1, 4), new PieceRange(2, 4, PieceState.Missing, 0, 2)], ranges);
        Assert.Single(States(Map).Ranges(1));
    }

    [Fact]
    public void FailedOf_Events_AreThoseOfTheTorrent()
    {
        var (ours, other) = (new InfoHash(new byte[20]), new InfoHash([.. Enumerable.Repeat((byte)1, 20)]));
        ImmutableArray<EngineEvent> events =
        [
            Bad(ours, 7), Bad(other, 8), new(DateTimeOffset.UnixEpoch, EngineEventKind.Finished, ours, "."),
        ];

        Assert.Equal([7], PieceStates.FailedOf(events, ours));

        static EngineEvent Bad(InfoHash torrent, int piece) => new(DateTimeOffset.UnixEpoch, EngineEventKind.BadData, torrent, ".")
        {
            Arguments = [new("piece", DiagnosisArgumentKind.Number, piece), new("suppliers", DiagnosisArgumentKind.Number, 2)],
        };
    }

    [Theory]
    [InlineData(0, 0, "Piece 0: verified, on 1 peer, file: film.mkv")]
    [InlineData(1, 1, "Piece 1: partly here, 4 of 16 blocks, on no connected peer, file: film.mkv")]
    [InlineData(2, 2, "Piece 2: asked for, 0 of 16 blocks, from 127.0.0.1:7, on 3 peers, file: film.mkv")]
    [InlineData(3, 3, "Piece 3: missing, on 255 peers or more, files: film.mkv, a.txt")]
    [InlineData(2, 5, "Pieces 2 to 5: 1 missing, 1 asked for, 1 not wanted, 1 failed its check, copies among peers: 2 to 255, files: film.mkv, a.txt")]
    public void Line_APieceOrSeveral_IsToldInWords(int first, int last, string expected)
    {
        var details = new FakeEngine(torrents: 1).Torrents[0].Details! with
        {
            Files = [new(0, "t/film.mkv", 3, 0, FilePriority.Normal) { LastPiece = 3 }, new(1, "t/a.txt", 3, 0, FilePriority.Normal) { FirstPiece = 3, LastPiece = 5 }, new(2, "t/none", 0, 0, FilePriority.Normal) { FirstPiece = 3, LastPiece = 3 }],
        };

        Assert.Equal(expected, PieceWords.Line(States(Map, 5), details, first, last));
    }

    private static PieceStates States(PieceMapSnapshot map, params int[] failed) => new(1, map, [.. failed]);

    private static PieceStates Of(byte[] have, byte[] wanted, int[] active) =>
        new(1, new PieceMapSnapshot(320, [.. have], [.. active.Distinct().Select(piece => new ActivePieceSnapshot(piece, 16, piece % 3, piece % 2))], [], [.. wanted]), [.. active.Take(1)]);
}
