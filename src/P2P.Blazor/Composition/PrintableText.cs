using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace P2P.Blazor.Composition;

/// <summary>Makes texts from strangers harmless in the log: control, bidirectional and zero-width characters become \uXXXX, long ones are cut.</summary>
/// <remarks>Source: rule R-W16; a torrent's name or a tracker's answer must not forge a line or move the terminal's cursor.</remarks>
internal sealed class PrintableText : ILogEventEnricher
{
    /// <summary>Longest text of one property, in characters.</summary>
    public const int MaxLength = 512;

    /// <inheritdoc/>
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        List<LogEventProperty>? changed = null;
        foreach (var (name, value) in logEvent.Properties)
        {
            if (value is ScalarValue { Value: string text } && Escape(text) is var safe && !ReferenceEquals(safe, text))
            {
                (changed ??= []).Add(new LogEventProperty(name, new ScalarValue(safe)));
            }
        }

        changed?.ForEach(logEvent.AddOrUpdateProperty);
    }

    /// <summary>The text with unprintable characters written out; the same instance when there is nothing to change.</summary>
    public static string Escape(string text)
    {
        if (text.Length <= MaxLength && !text.Any(IsUnprintable))
        {
            return text;
        }

        var safe = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
        {
            if (IsUnprintable(character))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
            }
            else
            {
                safe.Append(character);
            }
        }

        return text.Length > MaxLength ? safe.Append('…').ToString() : safe.ToString();
    }

    private static bool IsUnprintable(char character) => char.GetUnicodeCategory(character)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
