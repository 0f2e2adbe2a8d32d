using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Engine.Persistence;

/// <summary>Opens the database, or, when it does not open or verify, puts a new one together from what is left.</summary>
/// <remarks>
/// The ladder: the database itself; else the newest copy that verifies, overlaid by the documents of the damaged database whose checksum fits
/// and that are newer; else those documents alone; and in every case the .torrent files for torrents none of these knows. The new database is
/// complete and on the device under another name before the damaged one and its log are set aside, never deleted. Thread: the store's.
/// </remarks>
internal sealed class SessionRecovery(
    string dataDirectory, DurableFiles files, MetainfoFiles metainfo, DatabaseCopies copies, TimeProvider clock)
{
    /// <summary>The database.</summary>
    public string DatabasePath { get; } = Path.Combine(dataDirectory, "p2p.db");

    private string RebuiltPath { get; } = Path.Combine(dataDirectory, "p2p-new.db");

    /// <summary>Opens with whatever step works. Throws <see cref="TorrentEngineException"/>: "state.newer", or "disk.*" when the system refuses.</summary>
    public OpenedState Open()
    {
        var known = metainfo.List();
        var nothingKnown = known.Count == 0 && copies.List().Count == 0;
        var logPath = DatabaseFiles.LogPathOf(DatabasePath);
        DatabaseContent found;
        if (!File.Exists(DatabasePath))
        {
            if (nothingKnown && !File.Exists(logPath) && !File.Exists(RebuiltPath))
            {
                return OpenBlank();
            }

            found = new DatabaseContent { Damage = "is missing" };
        }
        else if (new FileInfo(DatabasePath).Length == 0)
        {
            if (nothingKnown && (!File.Exists(logPath) || new FileInfo(logPath).Length == 0))
            {
                return OpenBlank();
            }

            found = new DatabaseContent { Damage = "is empty" };
        }
        else
        {
            var (database, content) = TryOpen();
            if (database is not null && (content.Damage is null || (content.IsBlank && nothingKnown)))
            {
                return new OpenedState(database, content, null);
            }

            Close(database);
            found = content;
        }

        return Rebuild(found, known);
    }

    /// <summary>Renames the database and its log out of the way, keeping both; the name used is returned.</summary>
    public string SetAside()
    {
        var stamp = clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var suffix = ".corrupt-" + stamp;
        for (var i = 2; File.Exists(DatabasePath + suffix) || File.Exists(DatabaseFiles.LogPathOf(DatabasePath) + suffix); i++)
        {
            suffix = $".corrupt-{stamp}-{i}";
        }

        foreach (var path in new[] { DatabasePath, DatabaseFiles.LogPathOf(DatabasePath) })
        {
            if (File.Exists(path))
            {
                files.Rename(path, path + suffix);
            }
        }

        return Path.GetFileName(DatabasePath) + suffix;
    }

    /// <summary>Opens the database file as it is, damaged or not; the database is null when it does not open.</summary>
    public (SessionDatabase? Database, DatabaseContent Content) TryOpen()
    {
        DatabaseFiles? opened = null;
        try
        {
            opened = new DatabaseFiles(DatabasePath, files);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateFault.Describe(exception, dataDirectory);
        }

        SessionDatabase? database = null;
        try
        {
            database = SessionDatabase.Open(opened, DatabasePath);
            return (database, database.Load());
        }
        catch (TorrentEngineException)
        {
            Close(database);
            throw;
        }
        catch (Exception exception)
        {
            // A full or read-only disk while LiteDB opens is no damage: nothing is set aside for it.
            var fault = opened.Fault;
            Close(database);
            opened.Dispose();
            return fault is null
                ? (null, new DatabaseContent { Damage = $"does not open ({SessionDatabase.Brief(exception)})" })
                : throw StateFault.Describe(fault, dataDirectory);
        }
    }

    private OpenedState OpenBlank()
    {
        var (database, content) = TryOpen();
        return database is null
            ? throw StateFault.Describe(new IOException(content.Damage), dataDirectory)
            : new OpenedState(database, content, null);
    }

    private OpenedState Rebuild(DatabaseContent damaged, HashSet<InfoHash> known)
    {
        var (copy, copyTime) = NewestGoodCopy();
        var torrents = new Dictionary<InfoHash, (TorrentRecord Record, long Revision)>();
        foreach (var (infoHash, entry) in copy?.Torrents ?? [])
        {
            // Without its .torrent file a torrent of an older copy was removed since.
            if (known.Contains(infoHash))
            {
                torrents[infoHash] = entry;
            }
        }

        var readable = 0;
        foreach (var (infoHash, entry) in damaged.Torrents)
        {
            if (!torrents.TryGetValue(infoHash, out var older) || entry.Revision >= older.Revision)
            {
                torrents[infoHash] = entry;
                readable++;
            }
        }

        var fromCopy = torrents.Count - readable;
        var fromFiles = 0;
        foreach (var infoHash in known.Where(infoHash => !torrents.ContainsKey(infoHash)))
        {
            // Started and never checked, so that the data that is there is found, hashed and kept.
            torrents[infoHash] = (new TorrentRecord { InfoHash = infoHash, AddedAt = clock.GetUtcNow() }, 0);
            fromFiles++;
        }

        var content = new DatabaseContent { Settings = damaged.Settings ?? copy?.Settings ?? ImmutableDictionary<string, string>.Empty };
        foreach (var (infoHash, entry) in torrents)
        {
            // Whatever stopped cleanly did so before something went wrong: data not recorded may be on disk.
            content.Torrents[infoHash] = (entry.Record with { IsCleanStop = false }, entry.Revision);
        }

        var newestCopy = copies.List().Select(found => found.Revision).FirstOrDefault();
        var lastRevision = Math.Max(damaged.Revision, Math.Max(copy?.Revision ?? 0, newestCopy));
        content.Meta = new StateMeta(lastRevision + 1, content.Torrents.Count, IsCleanStop: false);
        var aside = Replace(content);
        var (database, reloaded) = TryOpen();
        if (database is null || reloaded.Damage is not null)
        {
            Close(database);
            throw StateFault.Describe(new IOException($"The rebuilt database {reloaded.Damage}"), dataDirectory);
        }

        return new OpenedState(database, reloaded, Notice());

        string Notice()
        {
            var parts = new List<string>();
            if (fromCopy > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{fromCopy} from the copy of {copyTime:yyyy-MM-dd HH:mm} UTC"));
            }

            if (readable > 0)
            {
                parts.Add($"{readable} from its readable part");
            }

            if (fromFiles > 0)
            {
                parts.Add($"{fromFiles} from their .torrent files (to be checked again)");
            }

            var restored = parts.Count > 0 ? string.Join(", ", parts) : "none was known";
            return $"The state database {damaged.Damage}, so what was there was set aside as {aside} "
                + $"and {content.Torrents.Count} torrents were restored: {restored}.";
        }
    }

    private (DatabaseContent? Copy, DateTime Time) NewestGoodCopy()
    {
        // A rebuilt database that waits for its name is complete: a cut came between the two renames.
        var candidates = copies.List().Select(copy => copy.Path);
        if (!File.Exists(DatabasePath) && File.Exists(RebuiltPath))
        {
            candidates = candidates.Prepend(RebuiltPath);
        }

        foreach (var path in candidates)
        {
            var content = SessionDatabase.Inspect(path);
            if (content.Damage is null)
            {
                return (content, File.GetLastWriteTimeUtc(path));
            }
        }

        return default;
    }

    /// <summary>Writes a whole database beside the damaged one, then swaps the names; returns the damaged one's new name.</summary>
    private string Replace(DatabaseContent content)
    {
        try
        {
            File.Delete(RebuiltPath);
            File.Delete(DatabaseFiles.LogPathOf(RebuiltPath));
            var opened = new DatabaseFiles(RebuiltPath, files);
            using (var database = SessionDatabase.Open(opened, RebuiltPath))
            {
                database.Write(new StateBatch([.. content.Torrents.Values.Select(entry => entry.Record)], [], content.Settings, content.Meta!));
            }

            var aside = SetAside();
            files.Rename(RebuiltPath, DatabasePath);
            File.Delete(DatabaseFiles.LogPathOf(RebuiltPath));
            return aside;
        }
        catch (Exception exception) when (exception is not TorrentEngineException)
        {
            throw StateFault.Describe(exception, dataDirectory);
        }
    }

    private static void Close(SessionDatabase? database)
    {
        try
        {
            database?.Dispose();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A damaged database may fail to close; its handles are closed all the same, and the damage is reported already.
            System.Diagnostics.Debug.WriteLine(exception);
        }
    }
}

/// <summary>The open database, what it holds, and the recovery's sentence; null after a normal open.</summary>
internal sealed record OpenedState(SessionDatabase Database, DatabaseContent Content, string? Notice);
