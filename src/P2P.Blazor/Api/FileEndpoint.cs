using System.Globalization;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;
using P2P.Blazor.Composition;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Gives out one file of a torrent, finished or not, in ranges: what a range lacks is fetched before everything else, so players can seek.</summary>
/// <remarks>
/// Files come from strangers, so they are saved rather than shown; with "inline=1" those kinds are shown that run no script in a page, in a sandbox.
/// </remarks>
internal static class FileEndpoint
{
    private static readonly FileExtensionContentTypeProvider Types = new()
    {
        Mappings = { [".mkv"] = "video/x-matroska", [".flac"] = "audio/flac", [".opus"] = "audio/ogg", [".srt"] = "text/plain", [".nfo"] = "text/plain", [".md"] = "text/plain" },
    };

    /// <summary>What the file of this name is to browsers.</summary>
    public static string TypeOf(string name) => Types.TryGetContentType(name, out var type) ? type : "application/octet-stream";

    /// <summary>May a browser show it in a page of ours?</summary>
    public static bool IsHarmless(string type) =>
        type.StartsWith("video/", StringComparison.Ordinal) || type.StartsWith("audio/", StringComparison.Ordinal) || type is "application/pdf" or "text/plain"
        || (type.StartsWith("image/", StringComparison.Ordinal) && !type.Contains("svg", StringComparison.Ordinal));

    /// <summary>The file by its index; "inline=1" to show it. Throws "file.unknown", "file.not_wanted", "stream.stopped".</summary>
    public static async Task<IResult> GetAsync(string infoHash, string index, HttpContext context, IEngineAccess engine, CancellationToken cancellationToken, string? inline = null)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        var files = (await torrent.GetDetailsAsync(cancellationToken)).Files;
        var file = int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < files.Length
            ? files[number]
            : throw new TorrentEngineException("file.unknown", files.IsEmpty ? "The files of this magnet link are not known yet." : $"This torrent has the files 0 to {files.Length - 1}.");
        var name = SafeFileName.Of(file.Path) ?? $"file {number}";
        var type = TypeOf(name);
        var isShown = inline is "1" or "true" && IsHarmless(type);
        var disposition = new ContentDispositionHeaderValue(isShown ? "inline" : "attachment");
        disposition.SetHttpFileName(name);
        context.Response.Headers.ContentDisposition = disposition.ToString();
        SecurityHeaders.Sandbox(context);

        // Bytes of a file never change: its torrent's name stands for all of them.
        var tag = new EntityTagHeaderValue($"\"{torrent.InfoHash}-{number}\"");
        return TypedResults.Stream(await torrent.OpenFileAsync(number, cancellationToken), isShown ? type : "application/octet-stream", entityTag: tag, enableRangeProcessing: true);
    }
}
