using System.Text.Json;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Reads a small JSON object from a request and says in one sentence what is wrong with it.</summary>
internal static class JsonBody
{
    /// <summary>Largest JSON body, bytes (reliability limit JsonBody).</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The body as a JSON object; the caller disposes it. Throws "body.media_type", "body.too_large", "body.invalid".</summary>
    /// <remarks>A plain form cannot send application/json, so asking for that type also keeps other sites' forms out (row A08).</remarks>
    public static async Task<JsonDocument> ReadObjectAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new TorrentEngineException("body.media_type", "Send the body as application/json.");
        }

        using var bytes = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await request.Body.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            if (bytes.Length + count > MaxBytes)
            {
                throw new TorrentEngineException("body.too_large", "The body is larger than 1 MiB.");
            }

            bytes.Write(buffer, 0, count);
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes.ToArray(), Strict);
        }
        catch (JsonException exception)
        {
            throw new TorrentEngineException("body.invalid", "The body is not a JSON object that can be read.", exception) { Offset = exception.BytePositionInLine };
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new TorrentEngineException("body.invalid", "The body must be a JSON object.");
    }
}
