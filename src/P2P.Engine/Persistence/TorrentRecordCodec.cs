using System.Buffers.Binary;
using System.Collections.Immutable;
using LiteDB;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Storage;

namespace P2P.Engine.Persistence;

/// <summary>Torrent records to BSON and back, written by hand: no type names from the file are honoured, unknown fields are ignored.</summary>
/// <remarks>
/// Times are UTC ticks. Lists of fixed-size entries are packed (a torrent may have 100,000 files): one byte per priority, 17 bytes per
/// fingerprint (exists, length, mtime; little-endian). A field that is absent or of another type takes its default.
/// </remarks>
internal static class TorrentRecordCodec
{
    /// <summary>Format written now. Raise it with every change an older reader would misread, and add the step to <see cref="Migrate"/>.</summary>
    public const int Version = 1;

    private const int FactLength = 17;

    /// <summary>BSON of everything but the infohash, which is the document's key.</summary>
    public static byte[] Encode(TorrentRecord record)
    {
        var document = new BsonDocument
        {
            ["name"] = record.Name,
            ["started"] = record.IsStarted,
            ["sequential"] = record.IsSequential,
            ["added"] = record.AddedAt.UtcTicks,
            ["downloaded"] = record.Downloaded,
            ["uploaded"] = record.Uploaded,
            ["inShared"] = record.IsInSharedRoot,
            ["cleanStop"] = record.IsCleanStop,
            ["checked"] = record.WasChecked,
        };
        AddIf(document, "choosesFiles", record.ChoosesFiles ? new BsonValue(true) : null);
        AddIf(document, "strict", record.StrictTitForTat is { } strict ? new BsonValue(strict) : null);
        AddIf(document, "completed", record.CompletedAt is { } completed ? new BsonValue(completed.UtcTicks) : null);
        AddIf(document, "sharedRoot", record.SharedRoot is { } root ? new BsonValue(root) : null);
        AddIf(document, "have", record.Have is { } have ? new BsonValue(have) : null);
        AddIf(document, "partial", record.PartialPieces.IsDefaultOrEmpty ? null : new BsonArray(record.PartialPieces.Select(EncodePartial)));
        AddIf(document, "priorities", record.FilePriorities.IsDefaultOrEmpty ? null : EncodePriorities(record.FilePriorities));
        AddIf(document, "files", record.Fingerprints.IsDefaultOrEmpty ? null : EncodeFacts(record.Fingerprints));
        AddIf(document, "movedFrom", record.MovedFrom is { } movedFrom ? new BsonValue(movedFrom) : null);
        AddIf(document, "queue", record.QueueKey is { } key ? new BsonValue(key) : null);
        AddIf(document, "forced", record.IsForced ? new BsonValue(true) : null);
        AddIf(document, "label", record.Label is { } label ? new BsonValue(label) : null);
        AddIf(document, "maxDown", record.MaxDownloadRate > 0 ? new BsonValue(record.MaxDownloadRate) : null);
        AddIf(document, "maxUp", record.MaxUploadRate > 0 ? new BsonValue(record.MaxUploadRate) : null);
        AddIf(document, "share", record.ShareLimits is { } limits ? EncodeLimits(limits) : null);
        AddIf(document, "limitReached", record.LimitReached is { } limit ? new BsonValue(limit) : null);
        AddIf(document, "waivedShare", record.Waived != WaivedLimits.None ? new BsonValue((long)record.Waived) : null);
        AddIf(document, "seeding", record.SeedingTime > TimeSpan.Zero ? new BsonValue(record.SeedingTime.Ticks) : null);
        AddIf(document, "activeAt", record.LastActivityAt is { } active ? new BsonValue(active.UtcTicks) : null);
        AddIf(document, "displayName", record.DisplayName is { } displayName ? new BsonValue(displayName) : null);
        AddIf(document, "trackers", record.Trackers is { IsDefault: false } tiers ? new BsonArray(tiers.Select(EncodeTier)) : null);
        return BsonSerializer.Serialize(document);
    }

    /// <summary>Reads what any version up to <see cref="Version"/> wrote. Throws only on BSON that cannot be parsed.</summary>
    public static TorrentRecord Decode(InfoHash infoHash, int version, byte[] content)
    {
        var document = Migrate(version, BsonSerializer.Deserialize(content));
        return new TorrentRecord
        {
            InfoHash = infoHash,
            Name = Text(document, "name") ?? "",
            IsStarted = Flag(document, "started") ?? true,
            IsSequential = Flag(document, "sequential") ?? false,
            StrictTitForTat = Flag(document, "strict"),
            AddedAt = Time(document, "added") ?? default,
            CompletedAt = Time(document, "completed"),
            Downloaded = Number(document, "downloaded") ?? 0,
            Uploaded = Number(document, "uploaded") ?? 0,
            SharedRoot = Text(document, "sharedRoot"),
            IsInSharedRoot = Flag(document, "inShared") ?? false,
            Have = Bytes(document, "have"),
            PartialPieces = DecodePartials(document["partial"]),
            FilePriorities = [.. (Bytes(document, "priorities") ?? []).Select(DecodePriority)],
            Fingerprints = DecodeFacts(Bytes(document, "files") ?? []),
            IsCleanStop = Flag(document, "cleanStop") ?? false,
            WasChecked = Flag(document, "checked") ?? false,
            ChoosesFiles = Flag(document, "choosesFiles") ?? false,
            MovedFrom = Text(document, "movedFrom"),
            QueueKey = Number(document, "queue"),
            IsForced = Flag(document, "forced") ?? false,
            Label = Text(document, "label"),
            MaxDownloadRate = Math.Max(0, Number(document, "maxDown") ?? 0),
            MaxUploadRate = Math.Max(0, Number(document, "maxUp") ?? 0),
            ShareLimits = document["share"] is { IsDocument: true } share ? DecodeLimits(share.AsDocument) : null,
            LimitReached = Text(document, "limitReached"),
            Waived = (WaivedLimits)((Number(document, "waivedShare") ?? 0) & 3),
            SeedingTime = TimeSpan.FromTicks(Math.Max(0, Number(document, "seeding") ?? 0)),
            LastActivityAt = Time(document, "activeAt"),
            DisplayName = Text(document, "displayName"),
            Trackers = document["trackers"].IsArray ? [.. document["trackers"].AsArray.Where(tier => tier.IsArray).Select(DecodeTier)] : null,
        };
    }

    /// <summary>Brings a document of an older version up to date, one version a step.</summary>
    private static BsonDocument Migrate(int version, BsonDocument document) => version switch
    {
        Version => document,
        < 1 => throw new InvalidDataException($"There is no record format {version}."),
        _ => throw new InvalidDataException($"Record format {version} is newer than {Version}."),
    };

    private static void AddIf(BsonDocument document, string key, BsonValue? value)
    {
        if (value is not null)
        {
            document[key] = value;
        }
    }

    private static BsonValue EncodePartial((int Piece, byte[] Blocks) partial) =>
        new BsonDocument { ["piece"] = partial.Piece, ["blocks"] = partial.Blocks };

    private static ImmutableArray<(int Piece, byte[] Blocks)> DecodePartials(BsonValue value) => !value.IsArray
        ? []
        : [.. value.AsArray
            .Where(item => item.IsDocument && item["piece"].IsInt32 && item["blocks"].IsBinary)
            .Select(item => (item["piece"].AsInt32, item["blocks"].AsBinary))];

    private static BsonValue EncodeTier(ImmutableArray<string> tier) => new BsonArray(tier.Select(url => new BsonValue(url)));

    private static ImmutableArray<string> DecodeTier(BsonValue tier) => [.. tier.AsArray.Where(url => url.IsString).Select(url => url.AsString)];

    private static BsonValue EncodeLimits(ShareLimits limits)
    {
        var document = new BsonDocument { ["action"] = (int)limits.Action };
        AddIf(document, "ratio", limits.MaxRatio is { } ratio ? new BsonValue(ratio) : null);
        AddIf(document, "seeding", limits.MaxSeedingTime is { } seeding ? new BsonValue(seeding.Ticks) : null);
        AddIf(document, "idle", limits.MaxIdleTime is { } idle ? new BsonValue(idle.Ticks) : null);
        return document;
    }

    private static ShareLimits DecodeLimits(BsonDocument document) => new()
    {
        MaxRatio = document["ratio"] is { IsDouble: true } ratio ? ratio.AsDouble : null,
        MaxSeedingTime = Number(document, "seeding") is { } seeding ? TimeSpan.FromTicks(seeding) : null,
        MaxIdleTime = Number(document, "idle") is { } idle ? TimeSpan.FromTicks(idle) : null,
        Action = document["action"] is { IsInt32: true } action && Enum.IsDefined((ShareLimitAction)action.AsInt32) ? (ShareLimitAction)action.AsInt32 : ShareLimitAction.Stop,
    };

    private static BsonValue EncodePriorities(ImmutableArray<FilePriority> priorities) => new(priorities.Select(priority => (byte)priority).ToArray());

    private static FilePriority DecodePriority(byte value) => value <= (byte)FilePriority.High ? (FilePriority)value : FilePriority.Normal;

    private static BsonValue EncodeFacts(ImmutableArray<FileFact> facts)
    {
        var bytes = new byte[facts.Length * FactLength];
        for (var i = 0; i < facts.Length; i++)
        {
            var entry = bytes.AsSpan(i * FactLength, FactLength);
            entry[0] = facts[i].Exists ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteInt64LittleEndian(entry[1..], facts[i].Length);
            BinaryPrimitives.WriteInt64LittleEndian(entry[9..], facts[i].ModifiedUtcTicks);
        }

        return new BsonValue(bytes);
    }

    private static ImmutableArray<FileFact> DecodeFacts(byte[] bytes)
    {
        var facts = ImmutableArray.CreateBuilder<FileFact>(bytes.Length / FactLength);
        for (var start = 0; start + FactLength <= bytes.Length; start += FactLength)
        {
            var entry = bytes.AsSpan(start, FactLength);
            facts.Add(new FileFact(
                entry[0] != 0, BinaryPrimitives.ReadInt64LittleEndian(entry[1..]), BinaryPrimitives.ReadInt64LittleEndian(entry[9..])));
        }

        return facts.MoveToImmutable();
    }

    private static string? Text(BsonDocument document, string key) => document[key] is { IsString: true } value ? value.AsString : null;

    private static bool? Flag(BsonDocument document, string key) => document[key] is { IsBoolean: true } value ? value.AsBoolean : null;

    private static long? Number(BsonDocument document, string key) => document[key] is { IsInt64: true } value ? value.AsInt64 : null;

    private static byte[]? Bytes(BsonDocument document, string key) => document[key] is { IsBinary: true } value ? value.AsBinary : null;

    private static DateTimeOffset? Time(BsonDocument document, string key) =>
        Number(document, key) is { } ticks && ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
}
