using Microsoft.OpenApi;

namespace P2P.Blazor.Api;

/// <summary>The API under /api/v1: its services and its routes.</summary>
internal static class ApiMap
{
    /// <summary>Where the API begins.</summary>
    public const string Prefix = "/api/v1";

    /// <summary>Registers what the endpoints need: JSON rules, problems with codes, the document, drafts, the path policy.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = ApiProblem.Complete);
        services.AddOpenApi("v1", document =>
        {
            document.AddSchemaTransformer((schema, context, _) => DescribeAsText(schema, context.JsonTypeInfo.Type));
            document.AddDocumentTransformer((description, _, _) =>
            {
                description.Info.Title = "P2P.Blazor";
                description.Info.Description = "Everything the page can do. Errors are problem details with a stable \"code\".";
                return Task.CompletedTask;
            });
        });
        services.AddSingleton<UploadDrafts>();
        services.AddSingleton<SavePathPolicy>();
        services.AddSingleton<FolderListing>();
        return services;
    }

    /// <summary>Maps every route of the API, and /health.</summary>
    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup(Prefix).AddEndpointFilter<EngineErrorFilter>();
        api.MapSession();
        api.MapTorrents();
        api.MapStorage();
        api.MapPieceMap();
        api.MapCreations();
        api.MapDiscovery();
        api.MapHistory();
        app.MapGet("/health", SessionEndpoints.Health).ExcludeFromDescription();
    }

    // The document cannot see into our converters, so it is told what they write.
    private static Task DescribeAsText(OpenApiSchema schema, Type type)
    {
        if (type == typeof(P2P.Engine.Primitives.InfoHash) || type == typeof(P2P.Engine.Primitives.InfoHash?) || type == typeof(System.Net.IPAddress) || type == typeof(P2P.Engine.Primitives.PeerEndpoint) || type == typeof(System.Collections.Immutable.ImmutableArray<byte>))
        {
            schema.Type = JsonSchemaType.String;
            schema.Format = type == typeof(System.Collections.Immutable.ImmutableArray<byte>) ? "byte" : null;
            schema.Items = null;
        }

        return Task.CompletedTask;
    }
}
