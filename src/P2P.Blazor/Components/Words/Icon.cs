using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Components;

namespace P2P.Blazor.Components.Words;

/// <summary>Icons of wwwroot/icons.svg as markup: a reference of some 80 bytes, no component per icon. Always decorative; the words stand beside it.</summary>
/// <remarks>Each is made once: a row of the list holds three, and thirty rows are drawn a second.</remarks>
internal static class Icon
{
    /// <summary>The symbols of icons.svg.</summary>
    internal static readonly ImmutableArray<string> Names =
    [
        "down", "up", "leaf", "wait", "queue", "pause", "play", "search", "error", "plus", "gear", "sun", "moon", "auto", "close",
        "check", "folder", "file", "recheck", "trash", "chevron", "back", "swap", "dice", "tower", "info", "inbox", "all", "in", "lock",
        "page", "magnet", "net", "home", "share", "copy", "save", "make", "hand", "more", "columns", "key", "bell", "chart", "list",
        "label", "bolt", "turtle", "gauge", "edit", "top", "bottom", "help",
    ];

    private static readonly FrozenDictionary<string, MarkupString> Large = Names.ToFrozenDictionary(name => name, name => Make(name, "i"), StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, MarkupString> Little = Names.ToFrozenDictionary(name => name, name => Make(name, "i s"), StringComparer.Ordinal);

    /// <summary>20 px.</summary>
    public static MarkupString Of(string symbol) => Large.TryGetValue(symbol, out var made) ? made : Make(symbol, "i");

    /// <summary>16 px, for rows.</summary>
    public static MarkupString Small(string symbol) => Little.TryGetValue(symbol, out var made) ? made : Make(symbol, "i s");

    private static MarkupString Make(string symbol, string css) => new($"<svg class=\"{css}\" aria-hidden=\"true\"><use href=\"icons.svg#{symbol}\"></use></svg>");
}
