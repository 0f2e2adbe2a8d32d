using Microsoft.AspNetCore.Components;

namespace P2P.Blazor.Components.Words;

/// <summary>Icons of wwwroot/icons.svg as markup: a reference of some 80 bytes, no component per icon. Always decorative; the words stand beside it.</summary>
internal static class Icon
{
    /// <summary>20 px.</summary>
    public static MarkupString Of(string symbol) => new($"<svg class=\"i\" aria-hidden=\"true\"><use href=\"icons.svg#{symbol}\"></use></svg>");

    /// <summary>16 px, for rows.</summary>
    public static MarkupString Small(string symbol) => new($"<svg class=\"i s\" aria-hidden=\"true\"><use href=\"icons.svg#{symbol}\"></use></svg>");
}
