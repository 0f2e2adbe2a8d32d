using System.Text.Json;
using P2P.Blazor.Components.Words;

namespace P2P.Blazor.Components.Dialogs;

/// <summary>What POST /api/v1/torrents/inspect answered, as far as the page shows it.</summary>
public sealed record Inspected
{
    /// <summary>Names the upload the server keeps; adding sends only this.</summary>
    public string UploadId { get; init; } = "";

    /// <summary>40 hex digits.</summary>
    public string InfoHash { get; init; } = "";

    /// <summary>Sanitised name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Bytes of all files.</summary>
    public long Size { get; init; }

    /// <summary>Bytes per piece.</summary>
    public int PieceLength { get; init; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; init; }

    /// <summary>BEP 27.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Text from a stranger.</summary>
    public string? Comment { get; init; }

    /// <summary>The session holds it already.</summary>
    public bool IsPresent { get; init; }

    /// <summary>Tiers of announce URLs.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Trackers { get; init; } = [];

    /// <summary>Files in order.</summary>
    public IReadOnlyList<InspectedFile> Files { get; init; } = [];

    /// <summary>What was changed or ignored, as sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>One file inside.</summary>
/// <param name="Index">Position for priorities.</param>
/// <param name="Path">Relative, '/'-separated.</param>
/// <param name="Length">Bytes.</param>
public sealed record InspectedFile(int Index, string Path, long Length);

/// <summary>How a request of upload.js ended: the body, or a sentence.</summary>
/// <param name="Ok">The server obeyed.</param>
/// <param name="Error">Why not, as the server says; null when the script noticed by itself.</param>
/// <param name="Body">The answer, when it is JSON.</param>
/// <param name="Code">Stable code of the refusal.</param>
public sealed record UploadAnswer(bool Ok, string? Error, JsonElement? Body, string? Code = null)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>Why not, in the circuit's language; null when it worked.</summary>
    public string? Sentence => Ok ? null : AddWords.Refusal(Code, Error);

    /// <summary>Reads what the script sent; nonsense is an answer that failed.</summary>
    public static UploadAnswer Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<UploadAnswer>(json, Web) ?? new UploadAnswer(false, null, null, "unreadable");
        }
        catch (JsonException)
        {
            return new UploadAnswer(false, null, null, "unreadable");
        }
    }

    /// <summary>The look inside, or null when the body is something else.</summary>
    public Inspected? ToInspected()
    {
        try
        {
            return Body?.Deserialize<Inspected>(Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
