using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>The DHT node and the embedded tracker, as the page shows them.</summary>
internal static class DiscoveryEndpoints
{
    /// <summary>Maps "dht" and "tracker".</summary>
    public static void MapDiscovery(this RouteGroupBuilder api)
    {
        var discovery = api.MapGroup("").WithTags("Discovery");
        discovery.MapGet("/dht", (IEngineAccess engine, CancellationToken cancellationToken) => engine.GetDhtAsync(cancellationToken))
            .WithSummary("The DHT node: tables, lookups, what it stores, traffic").Produces<DhtSnapshot>();
        discovery.MapGet("/tracker", (IEngineAccess engine, CancellationToken cancellationToken) => engine.GetTrackerServerAsync(cancellationToken))
            .WithSummary("The embedded tracker: announce URLs, swarms, counts").Produces<TrackerServerSnapshot>();
    }
}
