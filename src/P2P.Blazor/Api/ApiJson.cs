using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>How values are written in JSON: camelCase names, enums as lower-case words, infohashes and endpoints as text, bits as base64.</summary>
internal static class ApiJson
{
    /// <summary>Adds the converters and refuses duplicate and unknown members.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.AllowDuplicateProperties = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new InfoHashConverter());
        options.Converters.Add(new EndpointConverter());
        options.Converters.Add(new AddressConverter());
        options.Converters.Add(new Base64Converter());
    }

    private sealed class InfoHashConverter : JsonConverter<InfoHash>
    {
        public override InfoHash Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            InfoHash.TryParse(reader.GetString(), out var infoHash) ? infoHash : throw new JsonException("An infohash is written as 40 hex digits.");

        public override void Write(Utf8JsonWriter writer, InfoHash value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class EndpointConverter : JsonConverter<PeerEndpoint>
    {
        public override PeerEndpoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            PeerEndpoint.TryParse(reader.GetString(), out var endpoint) ? endpoint : throw new JsonException("An endpoint is written as 127.0.0.1:6881 or [::1]:6881.");

        public override void Write(Utf8JsonWriter writer, PeerEndpoint value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException("An address is written as 192.0.2.1 or 2001:db8::1.");

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class Base64Converter : JsonConverter<ImmutableArray<byte>>
    {
        public override ImmutableArray<byte> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            ImmutableArray.Create(reader.GetBytesFromBase64());

        public override void Write(Utf8JsonWriter writer, ImmutableArray<byte> value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value.AsSpan());
    }
}
