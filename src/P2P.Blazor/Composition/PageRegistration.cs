using MudBlazor.Services;
using P2P.Blazor.Live;

namespace P2P.Blazor.Composition;

/// <summary>Puts the pages into the container: components, MudBlazor, and the limits of a circuit.</summary>
internal static class PageRegistration
{
    /// <summary>One parallel call and 32 KiB a message per browser; a lost circuit is kept 5 minutes, ten of them at most (one user).</summary>
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(circuit =>
        {
            circuit.DisconnectedCircuitMaxRetained = 10;
            circuit.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(5);
            circuit.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(30);
        }).AddHubOptions(hub =>
        {
            hub.MaximumReceiveMessageSize = 32 << 10;
            hub.KeepAliveInterval = TimeSpan.FromSeconds(5);
            // Browsers let a hidden tab's timers run once a minute: a shorter time would cut off every tab in the background.
            hub.ClientTimeoutInterval = TimeSpan.FromMinutes(2);
        });
        services.AddMudServices();
        services.AddLive();
        return services;
    }
}
