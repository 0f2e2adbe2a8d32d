using System.Globalization;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Events in the circuit's language. English is the engine's own sentence; other languages are made from the kind and its values.</summary>
internal static class EventWords
{
    /// <summary>What happened, in one sentence. A kind this page has no words for is told in English rather than not at all.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="name">The torrent's name; "" when it is about none, or none is known.</param>
    public static string Sentence(EngineEvent happened, string name)
    {
        var code = happened.Kind.ToString().ToLowerInvariant();
        if (CultureInfo.CurrentUICulture.Name is "en" or "" || !Text.Has($"event.{code}"))
        {
            return happened.Message;
        }

        // {0} is the torrent, the values follow; those that are absent are left empty.
        var values = happened.Kind == EngineEventKind.SettingsChanged
            ? [string.Join(", ", happened.Arguments.Select(argument => $"{argument.Name} = {argument.Text}"))]
            : happened.Arguments.Select(DiagnosisWords.Value);
        return Text.T($"event.{code}", [name, .. values, .. Enumerable.Repeat<object>("–", 4)]);
    }

    /// <summary>A severity's word, icon and colour class.</summary>
    public static (string Word, string Icon, string Css) Of(EngineEventSeverity severity) => severity switch
    {
        EngineEventSeverity.Error => (Text.T("events.error"), "error", "st-error"),
        EngineEventSeverity.Warning => (Text.T("events.warning"), "info", "st-wait"),
        _ => (Text.T("events.info"), "check", "st-pause"),
    };

    /// <summary>When: the time today, with the date before.</summary>
    public static string When(DateTimeOffset at, DateTimeOffset now) => (now - at).TotalHours < 20 ? Show.Clock(at) : Show.Moment(at);
}
