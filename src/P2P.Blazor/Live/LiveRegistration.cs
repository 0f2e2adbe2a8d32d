using MudBlazor;
using MudBlazor.Services;

namespace P2P.Blazor.Live;

/// <summary>Puts the bridge between engine and circuits into the container.</summary>
internal static class LiveRegistration
{
    /// <summary>The feed all circuits share, and what each circuit has for itself.</summary>
    public static IServiceCollection AddLive(this IServiceCollection services)
    {
        services.AddSingleton<SessionFeed>();
        services.AddScoped<EngineCommands>();
        services.AddScoped<TorrentCommands>();
        services.AddScoped<PageVisibility>();
        services.AddScoped<AddRequests>();
        services.AddScoped<PagePreferences>();
        services.AddSingleton<PendingRemovals>();
        services.AddSingleton<NoticeBoard>();
        services.AddMudBlazorSnackbar(snackbar =>
        {
            snackbar.PositionClass = Defaults.Classes.Position.BottomLeft;
            snackbar.MaxDisplayedSnackbars = 3;
            snackbar.VisibleStateDuration = 6000;
            snackbar.HideTransitionDuration = 120;
            snackbar.ShowTransitionDuration = 120;
        });
        return services;
    }
}
