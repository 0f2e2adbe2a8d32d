using P2P.Blazor.Configuration;
using P2P.Blazor.Live;

namespace P2P.Blazor.Composition;

/// <summary>Puts the engine and its settings into the container.</summary>
internal static class EngineRegistration
{
    /// <summary>Registers the settings, <see cref="IEngineAccess"/> and the service that starts the engine with the host.</summary>
    public static IServiceCollection AddTorrentEngine(this IServiceCollection services, EngineSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(new EngineAccess(settings.Options));
        services.AddSingleton<IEngineAccess>(provider => provider.GetRequiredService<EngineAccess>());
        services.AddHostedService<EngineHostedService>();
        return services;
    }
}
