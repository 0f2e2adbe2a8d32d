using System.Collections.Immutable;
using LiteDB;
using LiteDB.Engine;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Engine.Persistence;

/// <summary>One open LiteDB database: loads all of it with every checksum checked, writes batches that are durable on return.</summary>
/// <remarks>
/// Thread: one, from construction to disposal. After an exception of <see cref="Write"/> the database is unusable and is disposed of; what the
/// batch left on disk is unknown until it is opened again. Collections: torrents, settings, meta; no secondary index, no query.
/// </remarks>
internal sealed class SessionDatabase : IDisposable
{
    private static readonly byte[] SettingsId = "settings"u8.ToArray();
    private static readonly byte[] MetaId = "meta"u8.ToArray();

    private readonly DatabaseFiles? _files;
    private readonly LiteDatabase _database;

    private SessionDatabase(DatabaseFiles? files, EngineSettings settings)
    {
        _files = files;
        _database = new LiteDatabase(new LiteEngine(settings), new BsonMapper());
    }

    /// <summary>Opens or makes the database. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the system
    /// refuses the files, and anything at all (LiteDB is not careful) when they are damaged.</summary>
    public static SessionDatabase Open(DatabaseFiles files, string path) =>
        new(files, new EngineSettings { DataStream = files.Data, LogStream = files.Log, Filename = path, Collation = Collation.Binary });

    /// <summary>Loads a database file nobody writes to, leaving it untouched; damage of every kind is in the content's <c>Damage</c>.</summary>
    public static DatabaseContent Inspect(string path)
    {
        using var data = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        try
        {
            using var log = new MemoryStream();
            using var database = new SessionDatabase(null, new EngineSettings { DataStream = data, LogStream = log, Filename = path, ReadOnly = true });
            return database.Load();
        }
        catch (Exception exception) when (exception is not TorrentEngineException)
        {
            return new DatabaseContent { Damage = $"does not open ({Brief(exception)})" };
        }
    }

    /// <summary>Loads and verifies everything. Throws only <see cref="TorrentEngineException"/> "state.newer".</summary>
    public DatabaseContent Load()
    {
        var content = new DatabaseContent();
        var damaged = 0;
        try
        {
            damaged += Each("meta", envelope => content.Meta = DecodeMeta(envelope));
            damaged += Each("settings", envelope => content.Settings = DecodeSettings(envelope));
            damaged += Each("torrents", envelope => Take(content, envelope));
        }
        catch (Exception exception) when (exception is not TorrentEngineException)
        {
            content.Damage = $"cannot be read to the end ({Brief(exception)})";
            return content;
        }

        content.Damage = Judge(content, damaged);
        return content;
    }

    /// <summary>Writes one batch in one transaction and returns when it is on the device (log, then data file).</summary>
    public void Write(StateBatch batch)
    {
        _database.BeginTrans();
        var torrents = _database.GetCollection("torrents", BsonAutoId.ObjectId);
        torrents.Upsert(batch.Saved.Select(record => new DocumentEnvelope(
            record.InfoHash.ToArray(), TorrentRecordCodec.Version, batch.Meta.Revision, TorrentRecordCodec.Encode(record)).ToDocument()));
        foreach (var removed in batch.Removed)
        {
            torrents.Delete(removed.ToArray());
        }

        if (batch.Settings is { } settings)
        {
            var values = new BsonDocument(settings.ToDictionary(pair => pair.Key, pair => new BsonValue(pair.Value)));
            Put("settings", SettingsId, batch.Meta.Revision, values);
        }

        var meta = new BsonDocument { ["torrents"] = batch.Meta.TorrentCount, ["cleanStop"] = batch.Meta.IsCleanStop };
        Put("meta", MetaId, batch.Meta.Revision, meta);
        _database.Commit();
        _files?.ThrowIfFaulted();

        // Waits for LiteDB's writer task, then writes the data file (whose first write flushes the log) and flushes it.
        _database.Checkpoint();
        _files?.ThrowIfFaulted();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _database.Dispose();
        }
        finally
        {
            _files?.Dispose();
        }
    }

    /// <summary>The first line of a message, for a sentence.</summary>
    public static string Brief(Exception exception) => exception.Message.Split('\n')[0].Trim().TrimEnd('.');

    private void Put(string collection, byte[] id, long revision, BsonDocument content) => _database.GetCollection(collection, BsonAutoId.ObjectId)
        .Upsert(new DocumentEnvelope(id, TorrentRecordCodec.Version, revision, BsonSerializer.Serialize(content)).ToDocument());

    /// <summary>Visits every good document and returns how many are not. A key seen twice means the chain of pages runs in a circle.</summary>
    private int Each(string collection, Action<DocumentEnvelope> visit)
    {
        var damaged = 0;
        var seen = new HashSet<BsonValue>();
        foreach (var document in _database.GetCollection(collection, BsonAutoId.ObjectId).FindAll())
        {
            if (!seen.Add(document["_id"]))
            {
                throw new InvalidDataException($"The collection {collection} runs in a circle");
            }

            if (!DocumentEnvelope.TryRead(document, out var envelope))
            {
                damaged++;
                continue;
            }

            if (envelope.Version > TorrentRecordCodec.Version)
            {
                throw StateFormat.Newer(envelope.Version);
            }

            visit(envelope);
        }

        return damaged;
    }

    private static void Take(DatabaseContent content, DocumentEnvelope envelope)
    {
        var infoHash = new InfoHash(envelope.Id);
        content.Torrents[infoHash] = (TorrentRecordCodec.Decode(infoHash, envelope.Version, envelope.Content), envelope.Revision);
    }

    private static StateMeta DecodeMeta(DocumentEnvelope envelope)
    {
        var document = BsonSerializer.Deserialize(envelope.Content);
        return new StateMeta(envelope.Revision, document["torrents"].AsInt32, document["cleanStop"] is { IsBoolean: true, AsBoolean: true });
    }

    private static ImmutableDictionary<string, string> DecodeSettings(DocumentEnvelope envelope) => BsonSerializer.Deserialize(envelope.Content)
        .Where(pair => pair.Value.IsString)
        .ToImmutableDictionary(pair => pair.Key, pair => pair.Value.AsString);

    private static string? Judge(DatabaseContent content, int damaged)
    {
        if (damaged > 0)
        {
            return $"holds {damaged} documents whose checksum is wrong";
        }

        if (content.Meta is not { } meta)
        {
            return content.IsBlank ? "is empty" : "lacks its own description";
        }

        if (content.Settings is null)
        {
            return "lacks the settings";
        }

        return meta.TorrentCount == content.Torrents.Count
            ? null
            : $"holds {content.Torrents.Count} torrents instead of {meta.TorrentCount}";
    }
}

/// <summary>What one transaction writes.</summary>
/// <param name="Saved">Records to insert or replace.</param>
/// <param name="Removed">Torrents to forget.</param>
/// <param name="Settings">New settings; null leaves them.</param>
/// <param name="Meta">Written with every batch.</param>
internal sealed record StateBatch(
    IReadOnlyCollection<TorrentRecord> Saved, IReadOnlyCollection<InfoHash> Removed, ImmutableDictionary<string, string>? Settings, StateMeta Meta);
