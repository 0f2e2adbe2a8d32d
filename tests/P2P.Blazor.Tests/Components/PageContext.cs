using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;
using P2P.Blazor.Api;
using P2P.Blazor.Configuration;
using P2P.Blazor.Live;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;

namespace P2P.Blazor.Tests.Components;

/// <summary>A bUnit context with what the pages inject, around a <see cref="FakeEngine"/>; scripts answer nothing.</summary>
public sealed class PageContext : BunitContext
{
    /// <summary>Takes the engine; the clock starts at its time.</summary>
    public PageContext(FakeEngine? engine = null)
    {
        Engine = engine ?? new FakeEngine();
        Clock = new FakeTimeProvider(Engine.Now);
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<IEngineAccess>(Engine);
        Services.AddSingleton<TimeProvider>(Clock);
        var settings = new EngineSettings { Options = Engine.Options };
        Services.AddSingleton(settings);
        Services.AddSingleton<SavePathPolicy>();
        Services.AddSingleton<FolderListing>();
        Services.AddMudServices();
        Services.AddLive();
    }

    /// <summary>A page below the session that it shows; <see cref="Beat{T}"/> hands it the next one.</summary>
    public IRenderedComponent<CascadingValue<SessionSnapshot>> RenderBelow<T>()
        where T : IComponent => Render<CascadingValue<SessionSnapshot>>(parameters => parameters.Add(one => one.Value, Engine.Snapshot).AddChildContent<T>());

    /// <summary>The page is handed the session as it is now.</summary>
    public void Beat<T>(IRenderedComponent<CascadingValue<SessionSnapshot>> page)
        where T : IComponent => page.Render(parameters => parameters.Add(one => one.Value, Engine.Snapshot).AddChildContent<T>());

    /// <summary>The engine behind the pages.</summary>
    public FakeEngine Engine { get; }

    /// <summary>Moves only when told to.</summary>
    public FakeTimeProvider Clock { get; }
}
