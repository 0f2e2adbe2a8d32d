using Microsoft.AspNetCore.Connections;
using P2P.Blazor.Api;
using P2P.Blazor.Configuration;
using P2P.Engine;

namespace P2P.Blazor.Composition;

/// <summary>The whole process: settings, engine, page and API, from start to exit code.</summary>
internal static class ClientHost
{
    /// <summary>Runs until stopped and returns an <see cref="ExitCode"/>; a refused start is told in one sentence on <paramref name="error"/> and in the log.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="replace">Last word on the services, for tests.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter error, Action<IServiceCollection>? replace = null)
    {
        try
        {
            await using var app = Build(args, replace);
            var refusal = await RunAsync(app);
            if (refusal is not null)
            {
                app.Logger.LogCritical("{Sentence}", refusal.Sentence);
                await error.WriteLineAsync(refusal.Sentence);
            }

            return refusal?.ExitCode ?? ExitCode.Success;
        }
        catch (InvalidSettingsException exception)
        {
            foreach (var mistake in exception.Mistakes)
            {
                await error.WriteLineAsync(mistake);
            }

            return ExitCode.InvalidSettings;
        }
    }

    /// <summary>Puts the application together without starting it; throws <see cref="InvalidSettingsException"/>.</summary>
    private static WebApplication Build(string[] args, Action<IServiceCollection>? replace)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(ClientHost).Assembly.GetName().Name, // Names the table of package assets, whoever hosts us.
            ContentRootPath = FoundContentRoot(args),
        });
        builder.Configuration.AddDataFolder(args);
        var host = HostSettings.Read(builder.Configuration);
        var engine = EngineSettings.Read(builder.Configuration.GetSection(EngineSettings.Section), builder.Environment.ContentRootPath);
        var dataDirectory = PrivateFolder.Create(engine.Options.DataDirectory);

        builder.WebHost.UseUrls([.. host.Urls]);
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddSingleton(host);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddClientLogging(host, dataDirectory);
        builder.Services.AddTorrentEngine(engine);
        builder.Services.AddClientSecurity(dataDirectory);
        builder.Services.AddApi();
        builder.Services.AddPages();
        builder.WebHost.ConfigureKestrel(SecurityRegistration.Limit);
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseClientSecurity();
        app.UseExceptionHandler();
        app.UseRootFiles();
        app.UseMiddleware<Localization.PageLanguage>();
        app.UseRouting();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), api => api.UseStatusCodePages());
        app.UseAntiforgery();
        app.MapEndpoints();
        return app;
    }

    private static async Task<Refusal?> RunAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (TorrentEngineException exception)
        {
            return new Refusal(exception.Code == "state.locked" ? ExitCode.StateLocked : ExitCode.Failed, exception.Message);
        }
        catch (IOException exception) when (IsAddressInUse(exception))
        {
            return new Refusal(ExitCode.WebPortInUse,
                $"The page cannot be served on {string.Join(", ", app.Services.GetRequiredService<HostSettings>().Urls)}: another program uses that port. Stop it, or choose another with --Host:Url http://127.0.0.1:5081.");
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return null; // Stopped while starting, as asked.
        }

        await app.WaitForShutdownAsync();
        return null;
    }

    // Null when the caller names one: then the builder takes it from there.
    private static string? FoundContentRoot(string[] args)
    {
        var given = new ConfigurationBuilder()
            .AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args).Build()[HostDefaults.ContentRootKey];
        return given is null ? ContentRoot.Find(Directory.GetCurrentDirectory(), AppContext.BaseDirectory) : null;
    }

    private static bool IsAddressInUse(Exception? exception) => exception switch
    {
        null => false,
        AddressInUseException => true,
        AggregateException several => several.InnerExceptions.Any(IsAddressInUse),
        _ => IsAddressInUse(exception.InnerException),
    };

    private sealed record Refusal(int ExitCode, string Sentence);
}
