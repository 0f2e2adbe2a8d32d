using P2P.Blazor.Components.Words;
using P2P.Blazor.Localization;

namespace P2P.Blazor.Components.Dialogs;

/// <summary>Many files dropped together, in the order they came, each as far as it got. Belongs to one circuit, its own thread only.</summary>
public sealed class AddBatch
{
    private readonly List<AddItem> _items = [];

    /// <summary>Something was read or added.</summary>
    public event Action? Changed;

    /// <summary>What was read so far.</summary>
    public IReadOnlyList<AddItem> Items => _items;

    /// <summary>How many are taken; the others of them are still being read.</summary>
    public int Expected { get; private set; }

    /// <summary>How many were refused unread, being too many.</summary>
    public int Refused { get; private set; }

    /// <summary>More files are coming.</summary>
    public void Expect(int count, int refused)
    {
        (Expected, Refused) = (Expected + count, Refused + refused);
        Changed?.Invoke();
    }

    /// <summary>One file was read. The list of its files is not kept: the server has the upload, and 200 lists are much.</summary>
    internal void Take(string fileName, UploadAnswer answer)
    {
        var inside = answer.Ok ? answer.ToInspected() : null;
        var isTwice = inside is not null && _items.Any(item => item.Inside?.InfoHash == inside.InfoHash);
        _items.Add(inside is null
            ? new AddItem(fileName, null) { Refusal = answer.Sentence ?? AddWords.Refusal("unreadable", null) }
            : new AddItem(fileName, inside with { Files = [], IsPresent = inside.IsPresent || isTwice }) { IsChosen = !inside.IsPresent && !isTwice });
        Changed?.Invoke();
    }
}

/// <summary>One file of a batch.</summary>
/// <param name="fileName">As the browser names it.</param>
/// <param name="inside">What is in it, without the list of files; null when it was refused.</param>
public sealed class AddItem(string fileName, Inspected? inside)
{
    /// <summary>As the browser names it.</summary>
    public string FileName { get; } = fileName;

    /// <summary>What is in it, without the list of files; null when it was refused.</summary>
    public Inspected? Inside { get; } = inside;

    /// <summary>What a person calls it.</summary>
    public string Name => Inside?.Name ?? FileName;

    /// <summary>Why it was refused, at the look or at the adding.</summary>
    public string? Refusal { get; set; }

    /// <summary>It is in the list now.</summary>
    public bool IsAdded { get; set; }

    /// <summary>It shall be added.</summary>
    public bool IsChosen { get; set; }

    /// <summary>Its files, once somebody looked at them.</summary>
    public IReadOnlyList<InspectedFile>? Files { get; set; }

    /// <summary>Positions of the files chosen; all until somebody looked.</summary>
    public HashSet<int> ChosenFiles { get; } = [];

    /// <summary>It can be added: read, new, and not added yet.</summary>
    public bool IsAddable => Inside is { IsPresent: false } && !IsAdded;

    /// <summary>Bytes that adding it would download.</summary>
    public long Bytes => Files is { } files ? ChosenFiles.Sum(file => files[file].Length) : Inside?.Size ?? 0;

    /// <summary>Its state as a word, an icon beside it and the colour of both.</summary>
    internal (string Word, string Icon, string Css) Look => this switch
    {
        { IsAdded: true } => (Text.T("add.state-added"), "check", "st-seed"),
        { Refusal: not null } => (Text.T("add.state-refused"), "error", "st-error"),
        { Inside.IsPresent: true } => (Text.T("add.state-present"), "info", "st-pause"),
        _ => (Text.T("add.state-ready"), "file", "st-check"),
    };
}
