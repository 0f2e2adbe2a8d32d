using Microsoft.JSInterop;

namespace P2P.Blazor.Components.Layout;

/// <summary>The script module of one component, from its first draw until it is left. Used on the circuit's thread; its component closes it.</summary>
/// <remarks>
/// A browser answers late, so a component may be left while a call is under way: its elements are gone then, and what becomes of the call
/// concerns nobody, least of all the page that is shown instead. A call that fails while the component is there throws as ever.
/// </remarks>
/// <param name="runtime">The circuit's browser.</param>
/// <param name="path">Address of the module, relative to the base.</param>
internal sealed class ComponentScript(IJSRuntime runtime, string path)
{
    private Task<IJSObjectReference?>? _module;
    private IJSObjectReference? _part;
    private bool _isClosed;

    /// <summary>Has <see cref="StartAsync"/> come to its end, and is the component still there?</summary>
    public bool IsStarted => _part is not null && !_isClosed;

    /// <summary>Calls a function of the module that answers an object with a function "stop"; from then on calls go to that object.</summary>
    public Task StartAsync(string function, params object?[] arguments) => GuardAsync(async module =>
    {
        var part = await module.InvokeAsync<IJSObjectReference>(function, arguments);
        if (_isClosed)
        {
            await LetGoAsync(part, "stop");
        }
        else
        {
            _part = part;
        }
    });

    /// <summary>Calls a function of the started object, or of the module when none was started.</summary>
    public Task CallAsync(string function, params object?[] arguments) =>
        GuardAsync(async module => await (_part ?? module).InvokeVoidAsync(function, arguments));

    /// <summary>As <see cref="CallAsync"/>, with an answer; <paramref name="otherwise"/> when the component was left meanwhile.</summary>
    public async Task<T> AskAsync<T>(string function, T otherwise, params object?[] arguments)
    {
        var answer = otherwise;
        await GuardAsync(async module => answer = await (_part ?? module).InvokeAsync<T>(function, arguments));
        return answer;
    }

    /// <summary>Stops what was started and lets the module go, after a last call of its function <paramref name="last"/> if one is given.</summary>
    public async ValueTask CloseAsync(string? last = null, params object?[] arguments)
    {
        _isClosed = true;
        await LetGoAsync(_part, "stop");
        if (_module is { IsCompletedSuccessfully: true })
        {
            await LetGoAsync(await _module, last, arguments);
        }
    }

    private static async ValueTask LetGoAsync(IJSObjectReference? module, string? last, params object?[] arguments)
    {
        if (module is null)
        {
            return;
        }

        try
        {
            if (last is not null)
            {
                await module.InvokeVoidAsync(last, arguments);
            }

            await module.DisposeAsync();
        }
        catch (Exception failure) when (failure is JSDisconnectedException or OperationCanceledException)
        {
            // The tab was closed: there is nothing left to release there.
        }
    }

    private async Task GuardAsync(Func<IJSObjectReference, Task> work)
    {
        if (_isClosed)
        {
            return;
        }

        try
        {
            if (_module is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _module = runtime.InvokeAsync<IJSObjectReference?>("import", path).AsTask();
            }

            var module = await _module;
            if (_isClosed)
            {
                await LetGoAsync(module, null);
            }
            else if (module is not null)
            {
                await work(module);
            }
        }
        catch (Exception failure) when (failure is JSDisconnectedException || (_isClosed && failure is JSException or ObjectDisposedException or OperationCanceledException))
        {
            // The tab was closed, or the component was left: see the remarks.
        }
    }
}
