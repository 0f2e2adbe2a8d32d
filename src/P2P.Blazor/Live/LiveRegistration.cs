namespace P2P.Blazor.Live;

/// <summary>Puts what the pages need besides the engine into the container.</summary>
internal static class LiveRegistration
{
    /// <summary>Registers the feed and its companions.</summary>
    public static IServiceCollection AddLive(this IServiceCollection services) => services;
}
