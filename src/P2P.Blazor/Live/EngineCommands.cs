using MudBlazor;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Runs a command of the page and says how it ended, in one place. One per circuit.</summary>
internal sealed class EngineCommands(ISnackbar snackbar)
{
    /// <summary>Runs <paramref name="command"/>; says <paramref name="done"/> when it worked (null says nothing), or the engine's sentence when it did not.</summary>
    /// <returns>Whether it worked. Only what the engine throws on purpose is caught; a bug still reaches the page's error boundary.</returns>
    public async Task<bool> RunAsync(Func<Task> command, string? done = null)
    {
        try
        {
            await command();
        }
        catch (TorrentEngineException failure)
        {
            Fail(failure.Message);
            return false;
        }

        if (done is not null)
        {
            snackbar.Add(done, Severity.Normal);
        }

        return true;
    }

    /// <summary>Says what went wrong; stays until it is closed.</summary>
    public void Fail(string sentence) => snackbar.Add(sentence, Severity.Error, options => options.RequireInteraction = true);

    /// <summary>Says what happened, with a button that takes it back; for as long as it can be.</summary>
    public void SayWithUndo(string sentence, Func<Task> undo) => snackbar.Add(sentence, Severity.Normal, options =>
    {
        options.VisibleStateDuration = (int)PendingRemovals.Grace.TotalMilliseconds;
        options.Action = Text.T("command.undo");
        options.OnClick = _ => undo();
    });

    /// <summary>Says what happened.</summary>
    public void Say(string sentence) => snackbar.Add(sentence, Severity.Normal);
}
