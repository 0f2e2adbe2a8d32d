using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>A multipart form read from the stream: the file field "torrent" and the small text fields beside it.</summary>
/// <param name="TorrentFile">The file's bytes; null when the form holds none.</param>
/// <param name="Fields">Texts by field name; the last of a name wins.</param>
internal sealed record TorrentUpload(byte[]? TorrentFile, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>Largest .torrent, bytes (reliability limit TorrentBytes).</summary>
    public const int MaxFileBytes = 64 << 20;

    // A form of ours has eight parts; a text field holds at most the priorities of 500,000 files.
    private const int MaxParts = 16;
    private const int MaxFieldBytes = 4 << 20;
    private const int MaxBoundaryLength = 100;
    private const long MaxFormBytes = MaxFileBytes + (8L << 20);

    /// <summary>Reads the form; nothing is written to disk and no more than the limits is ever held.</summary>
    /// <remarks>Throws <see cref="TorrentEngineException"/> "body.media_type", "upload.too_large", "upload.invalid".</remarks>
    public static async Task<TorrentUpload> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxFormBytes;
        }

        var reader = new MultipartReader(Boundary(context.Request.ContentType), context.Request.Body)
        {
            HeadersCountLimit = 8,
            HeadersLengthLimit = 8 << 10,
        };
        byte[]? file = null;
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            for (var parts = 0; await reader.ReadNextSectionAsync(cancellationToken) is { } section; parts++)
            {
                if (parts == MaxParts)
                {
                    throw new TorrentEngineException("upload.invalid", $"The form has more than {MaxParts} parts.");
                }

                var (name, isFile) = Disposition(section);
                if (string.Equals(name, "torrent", StringComparison.OrdinalIgnoreCase))
                {
                    file = file is null
                        ? await ReadAsync(section.Body, MaxFileBytes, "The .torrent file is larger than 64 MiB.", cancellationToken)
                        : throw new TorrentEngineException("upload.invalid", "The form has more than one file; send one at a time.");
                }
                else if (isFile)
                {
                    throw new TorrentEngineException("upload.invalid", "The file must be in the field \"torrent\".");
                }
                else
                {
                    fields[name] = Encoding.UTF8.GetString(await ReadAsync(section.Body, MaxFieldBytes, $"The field \"{Shown(name)}\" is too long.", cancellationToken));
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new TorrentEngineException("upload.invalid", "The form cannot be read: it is cut off or not multipart/form-data.", exception);
        }

        return new TorrentUpload(file, fields);
    }

    /// <summary>The field's text, trimmed; null when absent or blank.</summary>
    public string? Text(string name) => Fields.TryGetValue(name, out var text) && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>The field as true or false; throws "upload.invalid" for anything else.</summary>
    public bool Switch(string name, bool standard) => Text(name)?.ToLowerInvariant() switch
    {
        null => standard,
        "true" or "1" or "on" => true,
        "false" or "0" or "off" => false,
        _ => throw new TorrentEngineException("upload.invalid", $"The field \"{name}\" must be true or false."),
    };

    /// <summary>The boundary of a multipart form; throws "body.media_type", "upload.invalid".</summary>
    internal static string Boundary(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new TorrentEngineException("body.media_type", "Send the form as multipart/form-data.");
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundaryLength } ? boundary : throw new TorrentEngineException("upload.invalid", "The form's boundary is missing or too long.");
    }

    private static (string Name, bool IsFile) Disposition(MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new TorrentEngineException("upload.invalid", "A part of the form has no name.");
        }

        return (HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "", disposition.IsFileDisposition());
    }

    private static async Task<byte[]> ReadAsync(Stream body, int maxBytes, string tooLarge, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await body.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            if (bytes.Length + count > maxBytes)
            {
                throw new TorrentEngineException("upload.too_large", tooLarge);
            }

            bytes.Write(buffer, 0, count);
        }

        return bytes.ToArray();
    }

    private static string Shown(string name) => name.Length > 40 ? name[..40] + "…" : name;
}
