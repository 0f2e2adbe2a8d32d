using Microsoft.Extensions.FileProviders;

namespace P2P.Blazor.Composition;

/// <summary>Serves the wwwroot beside appsettings.json as it is on disk.</summary>
internal static class RootFiles
{
    /// <summary>Comes before routing: a build's asset table would take these paths and warn that it does not know them.</summary>
    /// <remarks>Package assets are left to <c>MapStaticAssets</c>, which sends them compressed and lets browsers keep them.</remarks>
    public static void UseRootFiles(this WebApplication app)
    {
        if (!Directory.Exists(app.Environment.WebRootPath))
        {
            return;
        }

        var options = new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(app.Environment.WebRootPath),
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache", // Names stay over an update: ask again.
        };
        app.UseWhen(context => !IsOfPackage(context.Request.Path), files => files.UseStaticFiles(options));
    }

    private static bool IsOfPackage(PathString path) => path.StartsWithSegments("/_content") || path.StartsWithSegments("/_framework");
}
