namespace P2P.Engine.Tests.Architecture;

/// <summary>One type of the engine that mentions another, by full name.</summary>
internal readonly record struct TypeReference(string From, string To);

/// <summary>The import table of docs/ARCHITECTURE.md, section 3: folders have ranks, imports run only downward.</summary>
internal static class LayerRules
{
    private const string Root = "P2P.Engine";

    private static readonly Dictionary<string, int> Ranks = new()
    {
        ["Primitives"] = 0,
        ["Diagnostics"] = 1,
        ["Runtime"] = 1,
        ["Bencode"] = 1,
        ["Metainfo"] = 2,
        ["Wire"] = 2,
        ["Transport"] = 3,
        ["Storage"] = 4,
        ["Discovery"] = 4,
        ["Peers"] = 4,
        ["Swarm"] = 5,
        ["Session"] = 6,
        ["Persistence"] = 6,
        [""] = 7,
    };

    // Lower ranks that are closed all the same.
    private static readonly HashSet<(string From, string To)> Closed = [("Storage", "Transport"), ("Swarm", "Discovery")];

    // The engine's steering wheel; the records beside it are vocabulary that every layer may speak.
    private static readonly HashSet<string> NotVocabulary = [$"{Root}.TorrentEngine", $"{Root}.TorrentHandle"];

    /// <summary>One sentence for each reference that breaks the table, sorted.</summary>
    public static string[] Violations(IEnumerable<TypeReference> references) =>
        [.. references.Select(Check).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    private static string? Check(TypeReference reference)
    {
        if (FolderOf(reference.From) is not { } from || FolderOf(reference.To) is not { } to || from == to)
        {
            return null;
        }

        if (!Ranks.TryGetValue(from, out var fromRank) || !Ranks.TryGetValue(to, out var toRank))
        {
            return $"{reference.From} -> {reference.To}: a folder without a rank";
        }

        if (to == "")
        {
            return NotVocabulary.Contains(reference.To) ? $"{reference.From} -> {reference.To}: only the root may steer the engine" : null;
        }

        if (Closed.Contains((from, to)))
        {
            return $"{reference.From} -> {reference.To}: {from} may not know {to}";
        }

        var isAllowed = toRank < fromRank || (from, to) == ("Persistence", "Session");
        return isAllowed ? null : $"{reference.From} -> {reference.To}: {(toRank == fromRank ? "sideways" : "upward")}";
    }

    /// <summary>"Discovery" for P2P.Engine.Discovery.Trackers.X, "" for the root, null for what is not the engine's.</summary>
    private static string? FolderOf(string fullName)
    {
        var dot = fullName.LastIndexOf('.');
        var name = dot < 0 ? "" : fullName[..dot];
        return name == Root ? "" : name.StartsWith(Root + ".", StringComparison.Ordinal) ? name[(Root.Length + 1)..].Split('.')[0] : null;
    }
}
