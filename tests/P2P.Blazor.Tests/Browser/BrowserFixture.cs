using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Chromium of this machine and the real host on a free loopback port around a <see cref="FakeEngine"/>; one for all tests of a class.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    /// <summary>Where the tests look for a browser; nothing is ever downloaded.</summary>
    public const string Chromium = "/usr/bin/chromium";

    private IPlaywright? _playwright;

    /// <summary>Why there is no browser, as the reason to skip; null when there is one.</summary>
    public string? Missing { get; private set; }

    /// <summary>The browser; only after <see cref="RequireBrowser"/>.</summary>
    public IBrowser Browser { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
        {
            Missing = $"{Chromium} is not installed";
            return;
        }

        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        });
    }

    /// <summary>Skips the test, with the reason, on a machine without a browser.</summary>
    public void RequireBrowser() => Assert.SkipWhen(Missing is not null, Missing ?? "");

    /// <summary>Starts a host of its own around <paramref name="engine"/>; port 0 takes a free one.</summary>
    public static LiveHost Host(FakeEngine engine, int port = 0) => new(engine, port);

    /// <summary>Opens a window of this size and theme on <paramref name="host"/>; everything it says and asks for is recorded.</summary>
    public Task<BrowserWindow> OpenAsync(LiveHost host, int width = 1440, ColorScheme theme = ColorScheme.Light) => OpenAsync(host.Address, width, theme);

    /// <summary>As above, on a host that answers at <paramref name="address"/>; a new person's browser has not been asked the first questions.</summary>
    public async Task<BrowserWindow> OpenAsync(Uri address, int width = 1440, ColorScheme theme = ColorScheme.Light, bool isNew = false)
    {
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = width < 600 ? 844 : 900 },
            ColorScheme = theme,
            ReducedMotion = ReducedMotion.Reduce,
        });
        if (!isNew)
        {
            await context.AddInitScriptAsync("localStorage.getItem('preferences') ?? localStorage.setItem('preferences', '{\"welcomed\":true}')");
        }

        return new BrowserWindow(context, await context.NewPageAsync(), address);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.CloseAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>The real host on a free loopback port.</summary>
public sealed class LiveHost : IDisposable
{
    private readonly FakeHost _host;

    /// <summary>Starts it.</summary>
    public LiveHost(FakeEngine engine, int port)
    {
        _host = new FakeHost(engine);
        _host.UseKestrel(port);
        _host.StartServer();
        Address = _host.ClientOptions.BaseAddress;
    }

    /// <summary>The engine behind it.</summary>
    public FakeEngine Engine => _host.Engine;

    /// <summary>Where it answers.</summary>
    public Uri Address { get; }

    /// <summary>One second passes for engine and host.</summary>
    public void Tick(Func<FakeTorrent, bool>? moves = null)
    {
        Engine.Tick(moves);
        _host.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc/>
    public void Dispose() => _host.Dispose();
}

/// <summary>One window: its page, and what went wrong in it.</summary>
public sealed class BrowserWindow : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    internal BrowserWindow(IBrowserContext context, IPage page, Uri address)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => Record(message.Type is "error" or "warning" ? $"console: {message.Text}" : null);
        page.PageError += (_, error) => Record($"script: {error}");
        page.Request += (_, request) => Record(IsOurs(address, request.Url) ? null : $"request to another origin: {request.Url}");
        page.Response += (_, response) => Record(response.Status >= 400 ? $"{response.Status} {response.Url}" : null);
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Console errors, script errors, requests to other origins, failed requests.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_complaints)
            {
                return [.. _complaints];
            }
        }
    }

    /// <summary>Goes to a page and waits until the circuit has drawn it.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await Page.Locator("main h1").First.WaitForAsync();
    }

    /// <summary>Opens the Add dialog and asks it for files; the browser's file chooser follows.</summary>
    public async Task ChooseFilesAsync()
    {
        await Page.Locator("#add-button").ClickAsync();
        await Page.Locator("#choose-files").ClickAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _context.CloseAsync();

    private static bool IsOurs(Uri address, string url) =>
        url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("blob:", StringComparison.Ordinal)
        || (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Authority == address.Authority);

    private void Record(string? complaint)
    {
        if (complaint is not null)
        {
            lock (_complaints)
            {
                _complaints.Add(complaint);
            }
        }
    }
}
