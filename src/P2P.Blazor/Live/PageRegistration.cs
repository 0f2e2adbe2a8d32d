using Microsoft.Extensions.DependencyInjection.Extensions;
using MudBlazor;
using MudBlazor.Services;
using P2P.Blazor.Components;

namespace P2P.Blazor.Live;

/// <summary>What the pages need of the host: services before it is built, endpoints after. <see cref="IEngineAccess"/> is the host's to add.</summary>
internal static class PageRegistration
{
    /// <summary>Adds components, MudBlazor and the live feed.</summary>
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddRazorComponents().AddInteractiveServerComponents(options =>
        {
            // One user, few tabs: a lost laptop lid may take minutes, but rich circuits are not free.
            options.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(5);
            options.DisconnectedCircuitMaxRetained = 10;
        });
        services.AddMudServices(options =>
        {
            options.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomLeft;
            options.SnackbarConfiguration.MaxDisplayedSnackbars = 3;
            options.SnackbarConfiguration.VisibleStateDuration = 6000;
            options.SnackbarConfiguration.HideTransitionDuration = 120;
            options.SnackbarConfiguration.ShowTransitionDuration = 120;
        });
        services.AddSingleton<SessionFeed>();
        services.AddScoped<EngineCommands>();
        services.AddScoped<TorrentCommands>();
        return services;
    }

    /// <summary>Maps every page. Antiforgery must be in the pipeline.</summary>
    public static IEndpointRouteBuilder MapPages(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        return endpoints;
    }
}
