using P2P.Blazor.Api;
using P2P.Blazor.Components;

namespace P2P.Blazor.Composition;

/// <summary>Every address the program answers to, in one list.</summary>
internal static class EndpointMap
{
    /// <summary>Package assets, pages, API, its document and the health check.</summary>
    public static void MapEndpoints(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = "'none'");
        app.MapOpenApi();
        app.MapApi();
    }
}
