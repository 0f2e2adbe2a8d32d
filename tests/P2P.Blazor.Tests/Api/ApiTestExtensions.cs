using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace P2P.Blazor.Tests.Api;

/// <summary>Short words for what every API test does.</summary>
internal static class ApiTestExtensions
{
    /// <summary>The body as JSON; a copy that needs no disposal.</summary>
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.Clone();

    /// <summary>The problem's stable code.</summary>
    public static async Task<string?> CodeAsync(this HttpResponseMessage response) => (await response.JsonAsync()).GetProperty("code").GetString();

    /// <summary>JSON as a request body.</summary>
    public static StringContent AsJson(this string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>A form with the file in the field "torrent" (none when null) and text fields.</summary>
    public static MultipartFormDataContent Form(byte[]? torrent, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        if (torrent is not null)
        {
            form.Add(new ByteArrayContent(torrent) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-bittorrent") } }, "torrent", "x.torrent");
        }

        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }
}
