using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;
using P2P.Blazor.Components.Dialogs;
using P2P.Blazor.Localization;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>The commands on torrents that list, menu and the torrent's page share. Each says what it did; one that failed says why. One per circuit.</summary>
internal sealed class TorrentCommands(
    IEngineAccess engine, EngineCommands commands, IDialogService dialogs, PendingRemovals removals, IJSRuntime script, NavigationManager navigation)
{
    /// <summary>Starts, or tries again after an error.</summary>
    public Task<bool> StartAsync(InfoHash infoHash) => commands.RunAsync(() => Find(infoHash).StartAsync());

    /// <summary>Stops; nothing is lost.</summary>
    public Task<bool> StopAsync(InfoHash infoHash) => commands.RunAsync(() => Find(infoHash).StopAsync());

    /// <summary>Hashes everything on disk again.</summary>
    public Task<bool> RecheckAsync(TorrentSnapshot torrent) =>
        commands.RunAsync(() => Find(torrent.InfoHash).RecheckAsync(), Text.T("did.recheck", torrent.Name));

    /// <summary>Runs a command of a menu by its name on all these torrents.</summary>
    public Task RunAsync(string name, IReadOnlyList<TorrentSnapshot> torrents) => name switch
    {
        "start" => EachAsync(torrents.Where(torrent => torrent.State is TorrentState.Stopped or TorrentState.Error), found => found.StartAsync(), "did.started"),
        "stop" => EachAsync(torrents.Where(torrent => torrent.State is not (TorrentState.Stopped or TorrentState.Error)), found => found.StopAsync(), "did.stopped"),
        "recheck" => EachAsync(torrents.Where(torrent => torrent.State != TorrentState.Metadata), found => found.RecheckAsync(), "did.rechecking"),
        "start-now" => EachAsync(torrents.Where(torrent => !torrent.IsForced), StartNowAsync, "did.started-now"),
        "obey-queue" => EachAsync(torrents.Where(torrent => torrent.IsForced), found => found.SetForcedAsync(false), "did.obeys-queue"),
        "queue-top" => QueueAsync(torrents, QueueMove.Top),
        "queue-up" => QueueAsync(torrents, QueueMove.Up),
        "queue-down" => QueueAsync(torrents, QueueMove.Down),
        "queue-bottom" => QueueAsync(torrents, QueueMove.Bottom),
        "label" => ShowAsync<LabelDialog>("label.title", torrents),
        "limits" => ShowAsync<LimitsDialog>("limits.title", torrents),
        "move" => ShowAsync<MoveDialog>("move.title", torrents),
        "rename" => ShowAsync<RenameDialog>("rename.title", torrents),
        "trackers" => ShowAsync<TrackersDialog>("trackers.edit", torrents),
        "announce" => EachAsync(torrents, found => found.AnnounceAsync(), "did.announced"),
        "sequential" => EachAsync(torrents, found => found.SetSequentialAsync(true), "did.sequential"),
        "rarest-first" => EachAsync(torrents, found => found.SetSequentialAsync(false), "did.rarest-first"),
        "copy-name" => CopyAsync(torrents.Select(torrent => torrent.Name)),
        "copy-hash" => CopyAsync(torrents.Select(torrent => torrent.InfoHash.ToString())),
        "copy-path" => CopyAsync(torrents.Select(torrent => torrent.SavePath)),
        "copy-magnet" => CopyMagnetsAsync(torrents),
        "save-torrent" => SaveAsync(torrents[0]),
        "remove" => RemoveFromListAsync(torrents),
        "remove-data" => RemoveAsync(torrents),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such command."),
    };

    /// <summary>Asks what to do with the files, then removes. Answers whether it is gone.</summary>
    public Task<bool> RemoveAsync(TorrentSnapshot torrent) => RemoveAsync([torrent]);

    /// <summary>Asks what to do with the files of all these, then removes. Answers whether they are gone.</summary>
    public async Task<bool> RemoveAsync(IReadOnlyList<TorrentSnapshot> torrents)
    {
        var parameters = new DialogParameters<RemoveTorrentDialog> { { dialog => dialog.Torrents, torrents } };
        var shown = await dialogs.ShowAsync<RemoveTorrentDialog>(Text.T("remove.title"), parameters, new DialogOptions { MaxWidth = MaxWidth.Small, FullWidth = true });
        if (await shown.Result is not { Canceled: false, Data: bool deleteData })
        {
            return false;
        }

        if (!deleteData)
        {
            return await RemoveFromListAsync(torrents);
        }

        return await commands.RunAsync(async () =>
        {
            foreach (var torrent in torrents)
            {
                await engine.RemoveAsync(torrent.InfoHash, deleteData: true);
            }
        }, torrents.Count == 1 ? Text.T("did.removed-data", torrents[0].Name) : Text.Many("did.removed-data", torrents.Count));
    }

    // The dialog does what it is about by itself.
    private async Task ShowAsync<T>(string title, IReadOnlyList<TorrentSnapshot> torrents)
        where T : TorrentsDialog
    {
        var parameters = new DialogParameters<T> { { dialog => dialog.Torrents, torrents } };
        var shown = await dialogs.ShowAsync<T>(Text.T(title), parameters, new DialogOptions { MaxWidth = MaxWidth.Small, FullWidth = true, CloseOnEscapeKey = true });
        await shown.Result;
    }

    private async Task<bool> RemoveFromListAsync(IReadOnlyList<TorrentSnapshot> torrents)
    {
        var hashes = torrents.Select(torrent => torrent.InfoHash).ToList();
        var isDone = await commands.RunAsync(() => removals.RemoveAsync(hashes));
        commands.SayWithUndo(
            torrents.Count == 1 ? Text.T("did.removed", torrents[0].Name) : Text.Many("did.removed", torrents.Count),
            () => commands.RunAsync(() => removals.UndoAsync(hashes)));
        return isDone;
    }

    // Stopped ones are started, too: "now" means now.
    private static async Task StartNowAsync(ITorrentAccess torrent)
    {
        await torrent.SetForcedAsync(true);
        if (torrent.Snapshot.State == TorrentState.Stopped)
        {
            await torrent.StartAsync();
        }
    }

    // Several keep their order among themselves: what goes to the top or down is moved last one first.
    private Task QueueAsync(IReadOnlyList<TorrentSnapshot> torrents, QueueMove move)
    {
        var ordered = torrents.OrderBy(torrent => torrent.QueuePosition);
        return EachAsync(move is QueueMove.Top or QueueMove.Down ? ordered.Reverse() : ordered, found => found.MoveInQueueAsync(move), "did.queued");
    }

    // One failure does not keep the others from being done; the first reason is told with how many it was.
    private async Task EachAsync(IEnumerable<TorrentSnapshot> torrents, Func<ITorrentAccess, Task> command, string key)
    {
        var (done, failed, reason, last) = (0, 0, "", "");
        foreach (var torrent in torrents)
        {
            last = torrent.Name;
            try
            {
                await command(Find(torrent.InfoHash));
                done++;
            }
            catch (TorrentEngineException failure)
            {
                (failed, reason) = (failed + 1, failed == 0 ? failure.Message : reason);
            }
        }

        if (failed > 0)
        {
            commands.Fail(done + failed == 1 ? reason : Text.T("did.some-failed", failed, done + failed, reason));
        }
        else if (done > 0)
        {
            commands.Say(done == 1 ? $"{Text.T($"{key}.one")}: {last}" : Text.Many(key, done));
        }
    }

    private async Task CopyAsync(IEnumerable<string> lines)
    {
        var text = string.Join('\n', lines);
        if (await script.InvokeAsync<bool>("p2pCopy", text))
        {
            commands.Say(Text.T("did.copied"));
        }
        else
        {
            commands.Fail(Text.T("did.not-copied"));
        }
    }

    private async Task CopyMagnetsAsync(IReadOnlyList<TorrentSnapshot> torrents)
    {
        List<string> links = [];
        foreach (var torrent in torrents)
        {
            if (engine.Find(torrent.InfoHash) is { } found)
            {
                links.Add((await found.GetDetailsAsync()).Magnet);
            }
        }

        await CopyAsync(links);
    }

    private Task SaveAsync(TorrentSnapshot torrent)
    {
        navigation.NavigateTo($"api/v1/torrents/{torrent.InfoHash}/metainfo", forceLoad: true);
        return Task.CompletedTask;
    }

    private ITorrentAccess Find(InfoHash infoHash) =>
        engine.Find(infoHash) ?? throw new TorrentEngineException("torrent.not_found", Text.T("did.not-found"));
}
