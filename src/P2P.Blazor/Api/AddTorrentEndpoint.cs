using System.Collections.Immutable;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>A magnet link, or an upload in one step (POST torrents) or two: look inside (POST torrents/inspect), then add by the id that was answered.</summary>
internal static class AddTorrentEndpoint
{
    /// <summary>
    /// Multipart fields: "torrent" (file), "uploadId" or "magnet" (a link or an infohash), exactly one; optional "savePath" (absolute), "label", "start"
    /// (true), "sequential" (false), "priorities" (one of skip, low, normal, high per file, in the order of the preview, with commas between; the
    /// brackets and quotes of a JSON array are fine), and "chooseFiles" (false) with a magnet link: fetch the metadata, then wait for priorities and start.
    /// </summary>
    public static async Task<IResult> AddAsync(
        HttpContext context, IEngineAccess engine, UploadDrafts drafts, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        var upload = await TorrentUpload.ReadAsync(context, cancellationToken);
        var (uploadId, magnet) = (upload.Text("uploadId"), upload.Text("magnet"));
        var file = (upload.TorrentFile, uploadId, magnet) switch
        {
            ({ Length: > 0 } bytes, null, null) => bytes,
            (null, not null, null) => drafts.Find(uploadId),
            (null, null, not null) => null,
            (null, null, null) => throw new TorrentEngineException("upload.missing", "Send a .torrent file in the field \"torrent\", or a link in the field \"magnet\"."),
            ({ Length: 0 }, null, null) => throw new TorrentEngineException("upload.missing", "The .torrent file is empty."),
            _ => throw new TorrentEngineException("upload.invalid", "Send one of a file, an uploadId and a magnet link, not several."),
        };
        var chooseFiles = upload.Switch("chooseFiles", standard: false);
        if (file is null ? upload.Text("priorities") is not null : chooseFiles)
        {
            throw new TorrentEngineException("upload.invalid", file is null
                ? "The files of a magnet link are not known yet: send \"chooseFiles\" instead of \"priorities\"."
                : "\"chooseFiles\" is for magnet links; the files of a .torrent are known, so send \"priorities\".");
        }

        var torrent = await engine.AddAsync(new AddTorrentRequest
        {
            TorrentFile = file,
            Magnet = magnet,
            ChooseFiles = chooseFiles,
            SavePath = upload.Text("savePath") is { } path ? paths.Check(path, engine.Options.SharedDirectory) : null,
            Label = upload.Text("label") is not { } label ? null
                : engine.Options.Labels.FirstOrDefault(known => string.Equals(known.Name, label, StringComparison.OrdinalIgnoreCase))?.Name
                    ?? throw new TorrentEngineException("label.unknown", "There is no such label; make it in the settings first."),
            Start = upload.Switch("start", standard: true),
            Sequential = upload.Switch("sequential", standard: false),
            FilePriorities = file is null ? [] : Priorities(upload.Text("priorities"), () => engine.Inspect(file).Files.Length),
        }, cancellationToken);
        if (uploadId is not null)
        {
            drafts.Forget(uploadId);
        }

        return TypedResults.Created($"{ApiMap.Prefix}/torrents/{torrent.InfoHash}", TorrentView.Of(torrent.Snapshot));
    }

    /// <summary>Looks inside the file of the field "torrent" and keeps it for 15 minutes under the answered "uploadId".</summary>
    public static async Task<IResult> InspectAsync(HttpContext context, IEngineAccess engine, UploadDrafts drafts, CancellationToken cancellationToken)
    {
        var upload = await TorrentUpload.ReadAsync(context, cancellationToken);
        if (upload.TorrentFile is not { Length: > 0 } file)
        {
            throw new TorrentEngineException("upload.missing", "Send a .torrent file in the field \"torrent\".");
        }

        var preview = engine.Inspect(file);
        return TypedResults.Ok(PreviewView.Of(preview, drafts.Keep(file)));
    }

    /// <summary>The priority that a word names, in any case of letters; null when it names none.</summary>
    internal static FilePriority? PriorityOf(string? word) => word?.ToLowerInvariant() switch
    {
        "skip" => FilePriority.Skip,
        "low" => FilePriority.Low,
        "normal" => FilePriority.Normal,
        "high" => FilePriority.High,
        _ => null,
    };

    private static ImmutableArray<FilePriority> Priorities(string? text, Func<int> fileCount)
    {
        if (text is null)
        {
            return [];
        }

        var words = text.Split(['[', ']', '"', ',', ' ', '\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var priorities = words
            .Select(word => PriorityOf(word) ?? throw new TorrentEngineException("upload.invalid", "A priority must be skip, low, normal or high."))
            .ToImmutableArray();
        var count = fileCount();
        return priorities.Length == count
            ? priorities
            : throw new TorrentEngineException("upload.invalid", $"The torrent has {count} files, but {priorities.Length} priorities were sent.");
    }
}

/// <summary>A look inside an uploaded .torrent; <paramref name="UploadId"/> names the kept file when it is added.</summary>
internal sealed record PreviewView(
    string UploadId, string InfoHash, string Name, long Size, int PieceLength, int PieceCount, bool IsPrivate, string? Comment, string? CreatedBy,
    DateTimeOffset? CreatedAt, ImmutableArray<PreviewFile> Files, ImmutableArray<ImmutableArray<string>> Trackers, bool IsPresent,
    ImmutableArray<string> Warnings)
{
    /// <summary>From the engine's preview.</summary>
    public static PreviewView Of(TorrentPreview preview, string uploadId) => new(
        uploadId, preview.InfoHash.ToString(), preview.Name, preview.Size, preview.PieceLength, preview.PieceCount, preview.IsPrivate,
        preview.Comment, preview.CreatedBy, preview.CreatedAt, preview.Files, preview.Trackers, preview.IsPresent, preview.Warnings);
}
