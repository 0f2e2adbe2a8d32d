using System.Collections.Immutable;
using CsCheck;
using LiteDB;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

public sealed class TorrentRecordCodecTests
{
    private static readonly Gen<DateTimeOffset> Times = Gen.Long[0, DateTimeOffset.MaxValue.Ticks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 300];

    private static readonly Gen<TorrentRecord> Records =
        from hash in Gen.Byte.Array[20]
        from texts in Gen.String.Array[2]
        from flags in Gen.Bool.Array[8]
        from numbers in Gen.Long.Array[2]
        from times in Times.Array[2]
        from have in Bytes
        from partial in Gen.Select(Gen.Int[0, int.MaxValue], Bytes).Array[0, 5]
        from priorities in Gen.Int[0, 3].Array[0, 9]
        from facts in Gen.Select(Gen.Bool, Gen.Long, Gen.Long).Array[0, 9]
        from trackers in Gen.String.Array[0, 3].Array[0, 3]
        from absent in Gen.Bool.Array[9]
        from queue in Gen.Long
        from limits in Gen.Long[0, 1L << 50].Array[5]
        select new TorrentRecord
        {
            InfoHash = new InfoHash(hash),
            Name = texts[0],
            IsStarted = flags[0],
            IsSequential = flags[1],
            StrictTitForTat = absent[0] ? null : flags[2],
            AddedAt = times[0],
            CompletedAt = absent[1] ? null : times[1],
            Downloaded = numbers[0],
            Uploaded = numbers[1],
            SharedRoot = absent[2] ? null : texts[1],
            IsInSharedRoot = flags[3],
            Have = absent[3] ? null : have,
            PartialPieces = [.. partial.Select(entry => (entry.Item1, entry.Item2))],
            FilePriorities = [.. priorities.Select(value => (FilePriority)value)],
            Fingerprints = [.. facts.Select(fact => new FileFact(fact.Item1, fact.Item2, fact.Item3))],
            IsCleanStop = flags[4],
            WasChecked = flags[5],
            QueueKey = absent[5] ? null : queue,
            IsForced = flags[6],
            Label = absent[6] ? null : texts[0],
            MaxDownloadRate = limits[0],
            MaxUploadRate = limits[1],
            ShareLimits = absent[7] ? null : new ShareLimits { MaxRatio = absent[6] ? null : limits[2] / 7.0, MaxSeedingTime = absent[5] ? null : TimeSpan.FromTicks(limits[3]), MaxIdleTime = TimeSpan.FromTicks(limits[4]), Action = flags[7] ? ShareLimitAction.Remove : ShareLimitAction.Stop },
            LimitReached = absent[8] ? null : texts[1],
            Waived = (WaivedLimits)(limits[2] & 3),
            LastActivityAt = absent[5] ? null : DateTimeOffset.UnixEpoch.AddMilliseconds(limits[3] % 1_000_000_000_000),
            MovedFrom = absent[4] ? null : texts[1],
            SeedingTime = TimeSpan.FromTicks(limits[3]),
            DisplayName = absent[8] ? null : texts[0],
            Trackers = absent[4] ? null : [.. trackers.Select(tier => tier.ToImmutableArray())],
        };

    [Fact]
    public void Decode_AnyEncodedRecord_ReturnsEveryField() => Records.Sample(record =>
    {
        var decoded = TorrentRecordCodec.Decode(record.InfoHash, TorrentRecordCodec.Version, TorrentRecordCodec.Encode(record));
        RecordAssert.Same(record, decoded);
    });

    [Fact]
    public void Decode_EmptyDocument_ReturnsDefaults()
    {
        var decoded = TorrentRecordCodec.Decode(StateDirectory.Hash(1), 1, BsonSerializer.Serialize([]));

        RecordAssert.Same(new TorrentRecord { InfoHash = StateDirectory.Hash(1) }, decoded);
    }

    [Fact]
    public void Decode_WrongTypesAndExtraFields_AreIgnored()
    {
        var document = new BsonDocument
        {
            ["_type"] = "System.Diagnostics.Process, System",
            ["name"] = 17,
            ["started"] = "no",
            ["added"] = long.MaxValue,
            ["have"] = new BsonArray(1, 2),
            ["partial"] = new BsonArray("x", new BsonDocument { ["piece"] = "1" }),
            ["priorities"] = new byte[] { 1, 200 },
            ["files"] = new byte[16],
            ["trackers"] = new BsonArray("x", new BsonArray(1, "http://t/")),
            ["uploaded"] = 5L,
        };

        var decoded = TorrentRecordCodec.Decode(StateDirectory.Hash(1), 1, BsonSerializer.Serialize(document));

        RecordAssert.Same(
            new TorrentRecord
            {
                InfoHash = StateDirectory.Hash(1),
                Uploaded = 5,
                FilePriorities = [FilePriority.Low, FilePriority.Normal],
                Trackers = [["http://t/"]],
            },
            decoded);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(TorrentRecordCodec.Version + 1)]
    public void Decode_UnknownVersion_Throws(int version) =>
        Assert.Throws<InvalidDataException>(() => TorrentRecordCodec.Decode(StateDirectory.Hash(1), version, BsonSerializer.Serialize([])));
}

/// <summary>Compares records by value: the generated equality of a record compares arrays by reference.</summary>
internal static class RecordAssert
{
    public static void Same(TorrentRecord expected, TorrentRecord actual)
    {
        Assert.Equal(expected.Have, actual.Have);
        Assert.Equal(expected.PartialPieces.Select(Text), actual.PartialPieces.Select(Text));
        Assert.Equal(expected.FilePriorities.AsEnumerable(), actual.FilePriorities.AsEnumerable());
        Assert.Equal(expected.Fingerprints.AsEnumerable(), actual.Fingerprints.AsEnumerable());
        Assert.Equal(expected.Trackers?.Select(tier => tier.ToArray()), actual.Trackers?.Select(tier => tier.ToArray()));
        Assert.Equal(Plain(expected), Plain(actual));

        static string Text((int Piece, byte[] Blocks) entry) => $"{entry.Piece}: {Convert.ToHexString(entry.Blocks)}";

        static TorrentRecord Plain(TorrentRecord record) =>
            record with { Have = null, PartialPieces = [], FilePriorities = [], Fingerprints = [], Trackers = null };
    }
}
