using System.Collections.Immutable;
using System.Reflection;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>The session's numbers, settings and health.</summary>
internal static class SessionEndpoints
{
    private static readonly string Version = typeof(SessionEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0";

    // Lets the page see that it talks to another process than before.
    private static readonly string Instance = Guid.NewGuid().ToString("N");

    /// <summary>Maps "session", "settings" and "health".</summary>
    public static void MapSession(this RouteGroupBuilder api)
    {
        var session = api.MapGroup("").WithTags("Session");
        session.MapGet("/session", (IEngineAccess engine) => SessionView.Of(engine.Snapshot, engine.Options)).WithSummary("The session in numbers");
        session.MapGet("/settings", (IEngineAccess engine) => SettingsView.Of(engine.Options)).WithSummary("Settings in force");
        session.MapPatch("/settings", ChangeSettingsAsync).WithSummary("Change settings; kept over restarts")
            .Accepts<SettingsBody>("application/json").Produces<SettingsView>().ProducesProblem(400).ProducesProblem(403);
        session.MapGet("/health", Health).WithSummary("Is the client well?").Produces<HealthView>(503);
    }

    /// <summary>200 while the engine runs, even when something is wrong with it; 503 before.</summary>
    public static IResult Health(IEngineAccess engine)
    {
        var snapshot = engine.Snapshot;
        ImmutableArray<string> problems = [.. new[] { snapshot.ListenError, snapshot.StateError }.OfType<string>()];
        return snapshot.Version == 0
            ? TypedResults.Json(new HealthView("starting", Instance, Version, problems), statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(new HealthView(problems.IsEmpty ? "ok" : "degraded", Instance, Version, problems));
    }

    private static async Task<IResult> ChangeSettingsAsync(HttpRequest request, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var change = SettingsChange.Read(body.RootElement, engine.Options, paths);
        if (!change.Mistakes.IsEmpty)
        {
            return ApiProblem.Of(
                change.IsConfigOnly ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest,
                change.IsConfigOnly ? "settings.config_only" : "settings.invalid",
                change.Mistakes);
        }

        await engine.UpdateSettingsAsync(change.Patch);
        return TypedResults.Ok(SettingsView.Of(engine.Options));
    }
}
