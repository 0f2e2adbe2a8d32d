namespace P2P.Blazor.Live;

/// <summary>Carries "open the Add dialog with this text" from anywhere on the page to the one who owns the dialog. One per circuit, its own thread only.</summary>
internal sealed class AddRequests
{
    /// <summary>Somebody wants to add; the text may be empty.</summary>
    public event Func<string, Task>? Asked;

    /// <summary>Opens the dialog; completes when it is closed.</summary>
    public Task AskAsync(string text) => Asked?.Invoke(text) ?? Task.CompletedTask;
}
