using Microsoft.JSInterop;

namespace P2P.Blazor.Components.Layout;

/// <summary>The end of a script module's life.</summary>
internal static class Interop
{
    /// <summary>Calls the module's "stop" if <paramref name="stop"/> is given, then lets it go; a browser that left has let go already.</summary>
    public static async ValueTask LetGoAsync(IJSObjectReference? module, string? stop = null, params object?[] arguments)
    {
        if (module is null)
        {
            return;
        }

        try
        {
            if (stop is not null)
            {
                await module.InvokeVoidAsync(stop, arguments);
            }

            await module.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The tab was closed: there is nothing left to release there.
        }
    }
}
