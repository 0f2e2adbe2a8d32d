using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using P2P.Blazor.Composition;
using P2P.Blazor.Live;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>The real host (every registration, middleware and route of Program) around a <see cref="FakeEngine"/>, in memory.</summary>
/// <remarks>
/// State goes to a folder of its own that is removed at the end. For a browser call <c>UseKestrel(0)</c> and <c>StartServer()</c> before
/// anything else, and take the address from <c>ClientOptions.BaseAddress</c>.
/// </remarks>
public sealed class FakeHost : WebApplicationFactory<Program>
{
    private readonly string _root = Directory.CreateTempSubdirectory("p2p-host-").FullName;
    private readonly (string Key, string Value)[] _settings;

    /// <summary>Takes the engine to serve (default: three torrents of eight peers) and further settings, such as ("Host:AllowedNames:0", "box.local").</summary>
    public FakeHost(FakeEngine? engine = null, params (string Key, string Value)[] settings)
    {
        Engine = engine ?? new FakeEngine();
        Engine.Options = Engine.Options with { SharedDirectory = Path.Combine(_root, "shared"), DataDirectory = Path.Combine(_root, "state"), IncompleteDirectory = Path.Combine(_root, "incomplete") };
        _settings = settings;
    }

    /// <summary>The engine behind the host.</summary>
    public FakeEngine Engine { get; }

    /// <summary>The host's clock.</summary>
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Folder that holds state, incomplete and shared.</summary>
    public string Root => _root;

    /// <summary>The repository's root, which holds appsettings.json and wwwroot.</summary>
    public static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "P2P.Blazor.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }

    /// <inheritdoc/>
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment(Environments.Production);
        builder.UseContentRoot(RepositoryRoot());
        builder.UseSetting("Engine:DataDirectory", Engine.Options.DataDirectory);
        builder.UseSetting("Engine:IncompleteDirectory", Engine.Options.IncompleteDirectory);
        builder.UseSetting("Engine:SharedDirectory", Engine.Options.SharedDirectory);
        builder.UseSetting("Host:LogLevel", "Error");
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureServices(services =>
        {
            services.Remove(services.Single(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType == typeof(EngineHostedService)));
            services.RemoveAll<IEngineAccess>();
            services.AddSingleton<IEngineAccess>(Engine);
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Clock));
        });
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }
}
