using P2P.Blazor.Tests.Fakes;

namespace P2P.Blazor.Tests.Api;

/// <summary>One host for all tests of a class; each test begins with <see cref="FakeEngine.Reset"/>.</summary>
public sealed class ApiFixture : IDisposable
{
    public ApiFixture() => Client = Host.CreateClient();

    /// <summary>The host, in memory.</summary>
    public FakeHost Host { get; } = new();

    /// <summary>A client of it that follows no redirects of ours (there are none) and sends no browser headers.</summary>
    public HttpClient Client { get; }

    public void Dispose()
    {
        Client.Dispose();
        Host.Dispose();
    }
}
