using MudBlazor;
using P2P.Blazor.Components.Dialogs;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>The commands on one torrent that a row and the torrent's page share: start, stop, re-check, remove. One per circuit.</summary>
internal sealed class TorrentCommands(IEngineAccess engine, EngineCommands commands, IDialogService dialogs)
{
    /// <summary>Starts, or tries again after an error.</summary>
    public Task<bool> StartAsync(InfoHash infoHash) => commands.RunAsync(() => Find(infoHash).StartAsync());

    /// <summary>Stops; nothing is lost.</summary>
    public Task<bool> StopAsync(InfoHash infoHash) => commands.RunAsync(() => Find(infoHash).StopAsync());

    /// <summary>Hashes everything on disk again.</summary>
    public Task<bool> RecheckAsync(TorrentSnapshot torrent) =>
        commands.RunAsync(() => Find(torrent.InfoHash).RecheckAsync(), $"Re-checking {torrent.Name}");

    /// <summary>Asks what to do with the files, then removes. Answers whether it is gone.</summary>
    public async Task<bool> RemoveAsync(TorrentSnapshot torrent)
    {
        var parameters = new DialogParameters<RemoveTorrentDialog> { { dialog => dialog.Torrent, torrent } };
        var shown = await dialogs.ShowAsync<RemoveTorrentDialog>("Remove", parameters, new DialogOptions { MaxWidth = MaxWidth.Small, FullWidth = true });
        return await shown.Result is { Canceled: false, Data: bool deleteData }
            && await commands.RunAsync(() => engine.RemoveAsync(torrent.InfoHash, deleteData), deleteData ? $"Removed with its files: {torrent.Name}" : $"Removed: {torrent.Name}");
    }

    private ITorrentAccess Find(InfoHash infoHash) =>
        engine.Find(infoHash) ?? throw new TorrentEngineException("torrent.not_found", "This torrent is not in the list any more.");
}
