using System.Globalization;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Why something was not added or made, in the circuit's language. English is the engine's own sentence; other languages go by its code.</summary>
internal static class AddWords
{
    /// <summary>One sentence.</summary>
    public static string Refusal(TorrentEngineException refusal) => Refusal(refusal.Code, refusal.Message);

    /// <summary>One sentence; a code this page has no words for is told in English rather than not at all.</summary>
    /// <param name="code">Stable code of the refusal; null for none.</param>
    /// <param name="sentence">What the engine says; null when the page noticed by itself.</param>
    public static string Refusal(string? code, string? sentence)
    {
        var isOwn = sentence is not null && CultureInfo.CurrentUICulture.Name is "en" or "";
        return code is not null && Text.Has($"add.refused-{code}") && !isOwn
            ? Text.T($"add.refused-{code}")
            : sentence ?? Text.T("add.refused-unreadable");
    }
}
