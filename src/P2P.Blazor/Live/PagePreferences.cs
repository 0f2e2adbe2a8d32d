using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.JSInterop;

namespace P2P.Blazor.Live;

/// <summary>How tall the rows of a list are.</summary>
public enum RowDensity
{
    /// <summary>Name, progress bar and the reason in words.</summary>
    Comfortable,

    /// <summary>Name and progress bar.</summary>
    Normal,

    /// <summary>One line.</summary>
    Compact,
}

/// <summary>A list as somebody likes to see it again.</summary>
/// <param name="Name">As given by the person, 1 to 40 characters.</param>
/// <param name="Address">The list's address, relative to the base.</param>
public sealed record SavedView(string Name, string Address);

/// <summary>How one browser likes the page; kept in that browser. Immutable; anything unreadable in it falls back to the default.</summary>
public sealed record PreferenceData
{
    /// <summary>Most saved views.</summary>
    public const int MaxViews = 20;

    /// <summary>Columns of the list, in order.</summary>
    public ImmutableArray<TorrentColumn> Columns { get; init; } = TorrentColumns.Default;

    /// <summary>Widths that were changed, CSS pixels.</summary>
    public ImmutableDictionary<TorrentColumn, int> Widths { get; init; } = ImmutableDictionary<TorrentColumn, int>.Empty;

    /// <summary>Height of rows.</summary>
    public RowDensity Density { get; init; }

    /// <summary>Saved views of the list.</summary>
    public ImmutableArray<SavedView> Views { get; init; } = [];

    /// <summary>Explanations are shown beside the figures.</summary>
    public bool Explain { get; init; }

    /// <summary>Single letters act as commands.</summary>
    public bool Shortcuts { get; init; } = true;

    /// <summary>The first questions were answered or skipped.</summary>
    public bool Welcomed { get; init; }

    /// <summary>Tell with a notification of the browser when a torrent finished or failed.</summary>
    public bool Notify { get; init; }

    /// <summary>Brought within its limits: whatever was stored, this can be shown.</summary>
    public PreferenceData Checked()
    {
        var columns = (Columns.IsDefault ? [] : Columns).Where(Enum.IsDefined).Distinct().ToImmutableArray();
        return this with
        {
            Columns = columns.Contains(TorrentColumn.Name) ? columns : TorrentColumns.Default,
            Widths = (Widths ?? ImmutableDictionary<TorrentColumn, int>.Empty).Where(pair => Enum.IsDefined(pair.Key))
                .ToImmutableDictionary(pair => pair.Key, pair => Math.Clamp(pair.Value, TorrentColumns.Widths.Least, TorrentColumns.Widths.Most)),
            Density = Enum.IsDefined(Density) ? Density : RowDensity.Comfortable,
            Views = [.. (Views.IsDefault ? [] : Views)
                .Where(view => view is { Name.Length: > 0 and <= 40, Address: not null } && (view.Address == "./" || view.Address.StartsWith("./?", StringComparison.Ordinal)))
                .Take(MaxViews)],
        };
    }
}

/// <summary>The preferences of this circuit's browser: read once, written with every change. One per circuit.</summary>
internal sealed class PagePreferences(IJSRuntime script)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() }, MaxDepth = 8 };

    /// <summary>After each change; on the circuit's thread.</summary>
    public event Action? Changed;

    /// <summary>As they are now; the defaults until they are read.</summary>
    public PreferenceData Data { get; private set; } = new();

    /// <summary>Reads what the browser kept. What cannot be read is as if it were not there.</summary>
    public async Task LoadAsync()
    {
        Data = Parse(await script.InvokeAsync<string?>("p2pPreferences.load"));
        Changed?.Invoke();
    }

    /// <summary>Changes them, here and in the browser.</summary>
    public async Task ChangeAsync(Func<PreferenceData, PreferenceData> change)
    {
        Data = change(Data).Checked();
        Changed?.Invoke();
        await script.InvokeVoidAsync("p2pPreferences.save", JsonSerializer.Serialize(Data, Json));
    }

    /// <summary>From the text a browser kept; never throws.</summary>
    internal static PreferenceData Parse(string? text)
    {
        if (text is null or { Length: 0 or > 32768 })
        {
            return new PreferenceData();
        }

        try
        {
            return (JsonSerializer.Deserialize<PreferenceData>(text, Json) ?? new PreferenceData()).Checked();
        }
        catch (JsonException)
        {
            return new PreferenceData(); // An older page's or a meddled text: the defaults are as good as any.
        }
    }
}
