using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Takes one file from a browser into the shared folder, so that a torrent can be made of it: streamed, never held, never over another file.</summary>
/// <remarks>It grows under a hidden name and gets its own when whole; one that is cut off leaves nothing behind.</remarks>
internal static class SharedUpload
{
    /// <summary>Largest file, bytes: 64 GiB; beyond that copy it into the folder.</summary>
    public const long MaxFileBytes = 64L << 30;

    private const int BufferBytes = 256 << 10;
    private const int FormBytes = 64 << 10;

    /// <summary>Multipart field "file"; answers 201 with its path. Throws "upload.*", "disk.*".</summary>
    public static async Task<IResult> SaveAsync(HttpContext context, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxFileBytes + FormBytes;
        }

        if (context.Request.ContentLength > MaxFileBytes + FormBytes)
        {
            throw TooLarge();
        }

        var reader = new MultipartReader(TorrentUpload.Boundary(context.Request.ContentType), context.Request.Body) { HeadersCountLimit = 8, HeadersLengthLimit = 8 << 10 };
        try
        {
            var section = await reader.ReadNextSectionAsync(cancellationToken);
            var name = section is null ? null : FileName(section);
            var folder = paths.CheckSource(engine.Options.SharedDirectory, engine.Options.SharedDirectory);
            var target = Path.Combine(folder, name ?? throw new TorrentEngineException("upload.missing", "Send a file with a name in the field \"file\"."));
            var size = await SaveAsync(section!.Body, target, cancellationToken);
            return TypedResults.Created((string?)null, new SharedFileView(target, name, size));
        }
        catch (InvalidDataException exception)
        {
            throw new TorrentEngineException("upload.invalid", "The form cannot be read: it is cut off or not multipart/form-data.", exception);
        }
    }

    private static string? FileName(MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.IsFileDisposition()
            || !string.Equals(HeaderUtilities.RemoveQuotes(disposition.Name).Value, "file", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        return SafeFileName.Of(HeaderUtilities.RemoveQuotes(name).Value ?? "");
    }

    private static async Task<long> SaveAsync(Stream body, string target, CancellationToken cancellationToken)
    {
        if (Path.Exists(target))
        {
            throw Exists(target);
        }

        var growing = Path.Combine(Path.GetDirectoryName(target)!, $".upload-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            long size;
            await using (var file = new FileStream(growing, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                size = await CopyAsync(body, file, cancellationToken);
            }

            File.Move(growing, target, overwrite: false);
            return size;
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The form is read through the same stream API as the disk: an end too early is the sender's, everything else the disk's.
            throw exception switch
            {
                _ when Path.Exists(target) => Exists(target),
                _ when exception.HResult is 28 or unchecked((int)0x80070070) => new TorrentEngineException("disk.full", "The disk of the shared folder is full.", exception),
                _ when exception.Message.StartsWith("Unexpected end of Stream", StringComparison.Ordinal) => new TorrentEngineException("upload.invalid", "The file ended too early.", exception),
                _ => new TorrentEngineException("disk.write", "The file cannot be written into the shared folder.", exception),
            };
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new TorrentEngineException("disk.write", "The client may not write into the shared folder.", exception);
        }
        finally
        {
            if (File.Exists(growing))
            {
                File.Delete(growing);
            }
        }
    }

    private static async Task<long> CopyAsync(Stream body, FileStream file, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var size = 0L;
        while (await body.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            size += count;
            if (size > MaxFileBytes)
            {
                throw TooLarge();
            }

            await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return size;
    }

    private static TorrentEngineException Exists(string target) =>
        new("upload.exists", $"\"{Path.GetFileName(target)}\" lies in the shared folder already; nothing is written over. Choose it there, or rename yours.");

    private static TorrentEngineException TooLarge() =>
        new("upload.too_large", "A file larger than 64 GiB is not taken by the page; copy it into the shared folder instead.");
}

/// <summary>A file that was uploaded.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Name">The name it got.</param>
/// <param name="Size">Bytes.</param>
internal sealed record SharedFileView(string Path, string Name, long Size);
