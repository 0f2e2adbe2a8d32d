using Microsoft.JSInterop;
using P2P.Blazor.Components.Layout;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>Components that are left before the browser has answered them, and those that are not.</summary>
public sealed class ComponentScriptTests
{
    private readonly Browser _browser = new();

    [Fact]
    public async Task Calls_go_to_what_was_started_and_both_are_let_go()
    {
        var script = new ComponentScript(_browser, "./js/some.js");
        await script.CallAsync("before");
        Assert.False(script.IsStarted);
        await script.StartAsync("start", 1);
        Assert.True(script.IsStarted);
        await script.CallAsync("after");
        Assert.Equal(7, await script.AskAsync("count", -1));
        await script.CloseAsync("last");
        Assert.Equal(["import", "module.before", "module.start", "part.after", "part.count", "part.stop", "part gone", "module.last", "module gone"], _browser.Said);
    }

    [Fact]
    public async Task What_is_left_while_its_module_comes_starts_nothing_and_lets_it_go()
    {
        _browser.Import = new TaskCompletionSource();
        var script = new ComponentScript(_browser, "./js/some.js");
        var starting = script.StartAsync("start");
        await script.CloseAsync("last");
        _browser.Import.SetResult();
        await starting;
        Assert.False(script.IsStarted);
        Assert.Equal(-1, await script.AskAsync("count", -1));
        await script.CallAsync("after");
        Assert.Equal(["import", "module gone"], _browser.Said);
    }

    [Fact]
    public async Task What_is_left_while_it_starts_is_stopped_as_soon_as_it_has_started()
    {
        _browser.Start = new TaskCompletionSource();
        var script = new ComponentScript(_browser, "./js/some.js");
        var starting = script.StartAsync("start");
        await script.CloseAsync();
        _browser.Start.SetResult();
        await starting;
        Assert.False(script.IsStarted);
        Assert.Equal(["import", "module.start", "module gone", "part.stop", "part gone"], _browser.Said);
    }

    [Theory]
    [InlineData(typeof(JSException))]
    [InlineData(typeof(ObjectDisposedException))]
    [InlineData(typeof(TaskCanceledException))]
    public async Task A_failure_is_told_while_the_component_is_there_and_not_after_it(Type kind)
    {
        var failure = (Exception)Activator.CreateInstance(kind, "canvas is null")!;
        _browser.Start = new TaskCompletionSource();
        var shown = new ComponentScript(_browser, "./js/some.js");
        var starting = shown.StartAsync("start");
        _browser.Start.SetException(failure);
        Assert.Same(failure, await Assert.ThrowsAsync(kind, () => starting));

        _browser.Start = new TaskCompletionSource();
        var left = new ComponentScript(_browser, "./js/some.js");
        starting = left.StartAsync("start");
        await left.CloseAsync();
        _browser.Start.SetException(failure);
        await starting;
    }

    [Fact]
    public async Task A_module_that_did_not_come_is_asked_for_again()
    {
        _browser.Import = new TaskCompletionSource();
        var script = new ComponentScript(_browser, "./js/some.js");
        var call = script.CallAsync("once");
        _browser.Import.SetException(new JSException("Failed to fetch"));
        await Assert.ThrowsAsync<JSException>(() => call);
        _browser.Import = null;
        await script.CallAsync("twice");
        Assert.Equal(["import", "import", "module.twice"], _browser.Said);
    }

    [Fact]
    public async Task A_closed_tab_is_no_failure()
    {
        _browser.Start = new TaskCompletionSource();
        var script = new ComponentScript(_browser, "./js/some.js");
        var starting = script.StartAsync("start");
        _browser.Start.SetException(new JSDisconnectedException("gone"));
        await starting;
        _browser.IsGone = true;
        await script.CloseAsync("last");
        Assert.Equal(["import", "module.start"], _browser.Said);
    }

    /// <summary>A browser with one module, whose "start" answers a part; both say what was asked of them.</summary>
    private sealed class Browser : IJSRuntime
    {
        public List<string> Said { get; } = [];

        public TaskCompletionSource? Import { get; set; }

        public TaskCompletionSource? Start { get; set; }

        public bool IsGone { get; set; }

        public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args) => InvokeAsync<TValue>(identifier, default, args);

        public async ValueTask<TValue> InvokeAsync<TValue>(string identifier, CancellationToken cancellationToken, object?[]? args)
        {
            Said.Add(identifier);
            await (Import?.Task ?? Task.CompletedTask);
            return (TValue)(object)new Part(this, "module");
        }

        private sealed class Part(Browser browser, string name) : IJSObjectReference
        {
            public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args) => InvokeAsync<TValue>(identifier, default, args);

            public async ValueTask<TValue> InvokeAsync<TValue>(string identifier, CancellationToken cancellationToken, object?[]? args)
            {
                Refuse();
                browser.Said.Add($"{name}.{identifier}");
                await (identifier == "start" ? browser.Start?.Task ?? Task.CompletedTask : Task.CompletedTask);
                return identifier switch
                {
                    "start" => (TValue)(object)new Part(browser, "part"),
                    "count" => (TValue)(object)7,
                    _ => default!,
                };
            }

            public ValueTask DisposeAsync()
            {
                Refuse();
                browser.Said.Add($"{name} gone");
                return ValueTask.CompletedTask;
            }

            private void Refuse()
            {
                if (browser.IsGone)
                {
                    throw new JSDisconnectedException("gone");
                }
            }
        }
    }
}
