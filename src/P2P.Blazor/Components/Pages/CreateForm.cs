using System.Collections.Immutable;
using P2P.Blazor.Api;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Pages;

/// <summary>A torrent to make, as a person types it: lists one a line, a blank line between tiers.</summary>
internal sealed record CreateForm
{
    /// <summary>Absolute path of a file or folder; empty until chosen.</summary>
    public string Path { get; set; } = "";

    /// <summary>Bytes per piece; 0 to have it chosen.</summary>
    public int PieceLength { get; set; }

    /// <summary>Announce URLs, one a line; a blank line begins the next tier.</summary>
    public string Trackers { get; set; } = "";

    /// <summary>BEP 27.</summary>
    public bool IsPrivate { get; set; }

    /// <summary>Free text.</summary>
    public string Comment { get; set; } = "";

    /// <summary>Mark of a site.</summary>
    public string Source { get; set; } = "";

    /// <summary>URLs that have the same files, one a line.</summary>
    public string WebSeeds { get; set; } = "";

    /// <summary>Seed at once.</summary>
    public bool Start { get; set; } = true;

    /// <summary>Tiers of announce URLs; lines that are no URL are told by <see cref="Mistake"/>.</summary>
    public ImmutableArray<ImmutableArray<string>> Tiers =>
    [
        .. Trackers.ReplaceLineEndings("\n").Split("\n\n").Select(Lines).Where(tier => tier.Length > 0),
    ];

    /// <summary>The first thing that is wrong, as a sentence; null when nothing is.</summary>
    public string? Mistake =>
        Lines(Trackers).FirstOrDefault(line => !CreationBody.IsUrl(line, "http", "https", "udp")) is { } tracker
            ? Text.T("create.bad-tracker", Short(tracker))
            : Lines(WebSeeds).FirstOrDefault(line => !CreationBody.IsUrl(line, "http", "https")) is { } seed
                ? Text.T("create.bad-seed", Short(seed))
                : null;

    /// <summary>The request as the engine takes it.</summary>
    public CreateTorrentRequest ToRequest() => new()
    {
        Path = Path,
        PieceLength = PieceLength == 0 ? null : PieceLength,
        Trackers = Tiers,
        WebSeeds = Lines(WebSeeds),
        IsPrivate = IsPrivate,
        Comment = string.IsNullOrWhiteSpace(Comment) ? null : Comment.Trim(),
        Source = string.IsNullOrWhiteSpace(Source) ? null : Source.Trim(),
        Start = Start,
    };

    /// <summary>Adds an announce URL as a tier of its own, unless it is there.</summary>
    public void AddTracker(string url)
    {
        if (!Lines(Trackers).Contains(url))
        {
            Trackers = Trackers.Trim().Length == 0 ? url : $"{Trackers.TrimEnd()}\n\n{url}";
        }
    }

    private static ImmutableArray<string> Lines(string text) =>
        [.. text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string Short(string text) => text.Length <= 80 ? text : $"{text[..80]}…";
}
