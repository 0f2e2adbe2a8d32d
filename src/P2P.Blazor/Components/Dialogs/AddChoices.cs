using P2P.Blazor.Api;
using P2P.Engine;

namespace P2P.Blazor.Components.Dialogs;

/// <summary>How torrents are added, as a person chooses it: where to, under which label, started or not.</summary>
public sealed record AddChoices
{
    /// <summary>Absolute folder; blank for the label's or the shared one.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Name of a label; empty for none.</summary>
    public string Label { get; set; } = "";

    /// <summary>Start at once.</summary>
    public bool Start { get; set; } = true;

    /// <summary>Pieces in order.</summary>
    public bool Sequential { get; set; }

    /// <summary>The folder to send: null lets the engine take the label's or the shared one.</summary>
    public string? FolderOrNull => string.IsNullOrWhiteSpace(Folder) ? null : Folder.Trim();

    /// <summary>Where the files will lie; the engine decides the same way.</summary>
    public string Target(TorrentEngineOptions options) =>
        FolderOrNull ?? options.Labels.FirstOrDefault(label => label.Name == Label)?.SavePath ?? options.SharedDirectory;

    /// <summary>The fields of POST /api/v1/torrents.</summary>
    public Dictionary<string, string> Fields(string uploadId)
    {
        var fields = new Dictionary<string, string>
        {
            ["uploadId"] = uploadId,
            ["start"] = Start ? "true" : "false",
            ["sequential"] = Sequential ? "true" : "false",
        };
        if (FolderOrNull is { } folder)
        {
            fields["savePath"] = folder;
        }

        if (Label.Length > 0)
        {
            fields["label"] = Label;
        }

        return fields;
    }

    /// <summary>Bytes free where <paramref name="folder"/> lies or will lie; null when nobody can say, or when it is none of the allowed ones.</summary>
    internal static long? FreeBytes(string folder, SavePathPolicy paths, string sharedDirectory)
    {
        try
        {
            // Only of allowed folders: what other disks hold is none of this page's business.
            var existing = folder == sharedDirectory ? Path.GetFullPath(folder) : paths.Check(folder, sharedDirectory);
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            {
                existing = parent;
            }

            return new DriveInfo(existing).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or TorrentEngineException)
        {
            return null;
        }
    }
}
