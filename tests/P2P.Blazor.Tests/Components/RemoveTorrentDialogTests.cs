using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class RemoveTorrentDialogTests
{
    private static readonly TorrentSnapshot Torrent = new FakeEngine().Torrents[0].Snapshot with { HaveBytes = 5L << 30, SavePath = "/srv/shared" };

    [Fact]
    public void Words_DataOnDisk_NameBytesAndFolder()
    {
        Assert.Equal("Only takes it off the list. 5.00 GiB stay in /srv/shared; add the torrent again and they are found.", RemoveWords.Keep(Torrent));
        Assert.Equal("Deletes 5.00 GiB from /srv/shared. This cannot be undone.", RemoveWords.Delete(Torrent));
        Assert.Equal("Delete 5.00 GiB", RemoveWords.Button(true, Torrent));
        Assert.Equal("Remove from list", RemoveWords.Button(false, Torrent));
    }

    [Fact]
    public void Words_NothingOnDisk_PromiseNothing()
    {
        var empty = Torrent with { HaveBytes = 0 };

        Assert.Equal("Only takes it off the list. Nothing of it is on disk yet.", RemoveWords.Keep(empty));
        Assert.Equal("Takes it off the list and removes its empty files.", RemoveWords.Delete(empty));
        Assert.Equal("Remove and delete files", RemoveWords.Button(true, empty));
    }
}
