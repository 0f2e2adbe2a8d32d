using Microsoft.AspNetCore.Components;
using MudBlazor;
using P2P.Blazor.Live;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Dialogs;

/// <summary>Base of the dialogs that change something about some torrents: what they are about, and the way to their remote controls.</summary>
public abstract class TorrentsDialog : ComponentBase
{
    /// <summary>What it is about; at least one.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<TorrentSnapshot> Torrents { get; set; } = [];

    /// <summary>The dialog as MudBlazor shows it.</summary>
    [CascadingParameter] protected IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>The engine.</summary>
    [Inject] protected IEngineAccess Engine { get; set; } = null!;

    /// <summary>Runs commands and says how they ended.</summary>
    [Inject] internal EngineCommands Commands { get; set; } = null!;

    /// <summary>A command is under way.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>Runs a command on each; the dialog closes when all were obeyed, and keeps what was typed when one was not.</summary>
    protected async Task EachAsync(Func<ITorrentAccess, Task> command)
    {
        IsBusy = true;
        var isDone = await Commands.RunAsync(async () =>
        {
            foreach (var torrent in Torrents)
            {
                await command(Engine.Find(torrent.InfoHash) ?? throw new TorrentEngineException("torrent.not_found", Text.T("did.not-found")));
            }
        });
        IsBusy = false;
        if (isDone)
        {
            Dialog.Close();
        }
    }

    /// <summary>The one value all torrents share; null when they differ.</summary>
    protected T? Common<T>(Func<TorrentSnapshot, T> value)
    {
        var first = value(Torrents[0]);
        return Torrents.All(torrent => EqualityComparer<T>.Default.Equals(value(torrent), first)) ? first : default;
    }
}
