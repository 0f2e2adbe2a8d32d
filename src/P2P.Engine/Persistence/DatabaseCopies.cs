using System.Globalization;

namespace P2P.Engine.Persistence;

/// <summary>Two known-good copies of the database: each is loaded and verified before it takes its name.</summary>
/// <remarks>Layout: [data]/copies/[revision, 20 digits].db; the log is empty when a copy is made, so one file is a whole database.
/// Thread: the store's.</remarks>
internal sealed class DatabaseCopies(string dataDirectory, DurableFiles files)
{
    private const int Generations = 2;

    private readonly string _directory = Path.Combine(dataDirectory, "copies");

    /// <summary>Makes the folder and removes what a cut left half written.</summary>
    public void Prepare()
    {
        files.CreateDirectory(_directory);
        foreach (var rubbish in Directory.EnumerateFiles(_directory, "*" + DurableFiles.TemporarySuffix))
        {
            File.Delete(rubbish);
        }
    }

    /// <summary>Paths with their revisions, newest first.</summary>
    public IReadOnlyList<(string Path, long Revision)> List() => !Directory.Exists(_directory)
        ? []
        : [.. Directory.EnumerateFiles(_directory, "*.db")
            .Select(path => (Path: path, Revision: RevisionOf(path)))
            .Where(copy => copy.Revision >= 0)
            .OrderByDescending(copy => copy.Revision)];

    // -1 for a file that is none of ours.
    private static long RevisionOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : -1;

    /// <summary>Copies the database as it stands after a checkpoint and drops the third copy. Throws when the copy does not verify.</summary>
    public void Keep(string databasePath, long revision)
    {
        var known = List();
        if (known.Count > 0 && known[0].Revision == revision)
        {
            return;
        }

        var path = Path.Combine(_directory, revision.ToString("D20", CultureInfo.InvariantCulture) + ".db");
        files.Copy(databasePath, path, Check);
        foreach (var (old, _) in List().Skip(Generations))
        {
            files.Delete(old);
        }

        void Check(string copy)
        {
            if (SessionDatabase.Inspect(copy) is { Damage: { } damage })
            {
                throw new InvalidDataException($"A fresh copy of the state database {damage}");
            }
        }
    }
}
