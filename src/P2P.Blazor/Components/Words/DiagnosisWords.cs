using System.Globalization;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>The reason line of a torrent in the circuit's language. English is the engine's own sentence; other languages are made from the code and its values.</summary>
internal static class DiagnosisWords
{
    /// <summary>One sentence. A code this page has no words for is told in English rather than not at all.</summary>
    public static string Sentence(Diagnosis diagnosis)
    {
        if (CultureInfo.CurrentUICulture.Name is "en" or "")
        {
            return diagnosis.Sentence;
        }

        // The values that are absent differ by condition, so each number of values has its own text.
        var code = string.Create(CultureInfo.InvariantCulture, $"{diagnosis.Code.ToString().ToLowerInvariant()}-{diagnosis.Arguments.Length}");
        return Text.Has($"diagnosis.{code}") ? Text.T($"diagnosis.{code}", [.. diagnosis.Arguments.Select(Value)]) : diagnosis.Sentence;
    }

    /// <summary>A value of a diagnosis or an event as a person reads it.</summary>
    internal static object Value(DiagnosisArgument argument) => argument.Kind switch
    {
        DiagnosisArgumentKind.Bytes => Show.Bytes(argument.Value),
        DiagnosisArgumentKind.Rate => Show.Rate(argument.Value),
        DiagnosisArgumentKind.Moment => Show.Clock(argument.At!.Value),
        DiagnosisArgumentKind.Text => argument.Text ?? "",
        _ => Show.Count(argument.Value),
    };
}
