using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace P2P.Blazor.Composition;

/// <summary>Who may ask and how much: key ring, server limits, and the first two stations of every request.</summary>
internal static class SecurityRegistration
{
    /// <summary>Largest body of a request unless an endpoint allows more, bytes (rule R-W10, JsonBody).</summary>
    public const int BodyBytes = 1 << 20;

    /// <summary>Keeps the key ring in the data directory, so that a restart invalidates nothing.</summary>
    public static IServiceCollection AddClientSecurity(this IServiceCollection services, string dataDirectory)
    {
        var keys = PrivateFolder.Create(Path.Combine(dataDirectory, "keys"));
        services.AddDataProtection().SetApplicationName("P2P.Blazor").PersistKeysToFileSystem(new DirectoryInfo(keys));
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.SameSite = SameSiteMode.Strict);
        return services;
    }

    /// <summary>Headers on every answer, then the guard against other sites: before anything else looks at the request.</summary>
    public static void UseClientSecurity(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<SiteGuard>();
    }

    /// <summary>Bounds what one client can hold (rule R-W10).</summary>
    public static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 200;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 100;
        kestrel.Limits.MaxRequestLineSize = 8 << 10;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
        kestrel.Limits.MaxRequestBodySize = BodyBytes;
    }
}
