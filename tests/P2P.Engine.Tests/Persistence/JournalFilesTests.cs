using System.Collections.Immutable;
using P2P.Engine.Session.History;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

/// <summary>Logs beside the database: kept over restarts, bounded, cut where torn, gone with their torrent; never an error.</summary>
public sealed class JournalFilesTests : IDisposable
{
    private static readonly JournalName Small = new("small.log", 10);

    private readonly StateDirectory _state = new();

    private string Folder => Path.Combine(_state.Path, "history");

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Append_ThenRestart_IsReadBackInOrder()
    {
        await WithStoreAsync(async journals => await journals.AppendAsync(Small, Frames(0, 3)));
        await WithStoreAsync(async journals => await journals.AppendAsync(Small, Frames(3, 2)));

        await WithStoreAsync(async journals => Assert.Equal(Frames(0, 5), await journals.ReadAsync(Small)));
    }

    [Fact]
    public async Task Append_FarMoreThanIsKept_KeepsTheNewestInASmallFile()
    {
        await WithStoreAsync(async journals =>
        {
            for (var i = 0; i < 100; i++)
            {
                await journals.AppendAsync(Small, Frames(i * 5, 5));
            }

            Assert.Equal(Frames(490, 10), await journals.ReadAsync(Small));
        });

        Assert.InRange(new FileInfo(Path.Combine(Folder, Small.File)).Length, 1, 90 * 12);
        await WithStoreAsync(async journals => Assert.Equal(Frames(490, 10), await journals.ReadAsync(Small)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    [InlineData(13)]
    public async Task Append_AfterATornTail_CutsItAndGoesOn(int torn)
    {
        await WithStoreAsync(async journals => await journals.AppendAsync(Small, Frames(0, 5)));
        using (var file = new FileStream(Path.Combine(Folder, Small.File), FileMode.Open))
        {
            file.SetLength(file.Length - torn);
        }

        var whole = torn <= 12 ? 4 : 3;
        await WithStoreAsync(async journals =>
        {
            Assert.Equal(Frames(0, whole), await journals.ReadAsync(Small));
            await journals.AppendAsync(Small, Frames(7, 1));
            Assert.Equal([.. Frames(0, whole), .. Frames(7, 1)], await journals.ReadAsync(Small));
        });
    }

    [Fact]
    public async Task Append_NotAFileOfOurs_BeginsAnew()
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(Path.Combine(Folder, Small.File), "hello, this is no log");

        await WithStoreAsync(async journals =>
        {
            Assert.Empty(await journals.ReadAsync(Small));
            await journals.AppendAsync(Small, Frames(0, 2));
            Assert.Equal(Frames(0, 2), await journals.ReadAsync(Small));
            File.Delete(Path.Combine(Folder, Small.File));
            await journals.AppendAsync(Small, Frames(2, 1));
            Assert.Equal(Frames(2, 1), await journals.ReadAsync(Small));
        });
    }

    [Fact]
    public async Task Append_FolderCannotBeWritten_IsNoErrorAndWorksAgainLater()
    {
        await File.WriteAllTextAsync(Folder, "in the way");
        await WithStoreAsync(async journals =>
        {
            await journals.AppendAsync(Small, Frames(0, 2));
            Assert.Empty(await journals.ReadAsync(Small));
            File.Delete(Folder);
            await journals.AppendAsync(Small, Frames(2, 1));
            Assert.Equal(Frames(2, 1), await journals.ReadAsync(Small));
        });
    }

    [Fact]
    public async Task Remove_Torrent_TakesItsRoundsAlong()
    {
        var (kept, gone) = (StateDirectory.Hash(1), StateDirectory.Hash(2));
        var (store, _) = await _state.OpenAsync();
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));
        await store.AddAsync(StateDirectory.Record(2), StateDirectory.TorrentFile(2));
        await store.Journals.AppendAsync(JournalName.Rounds(kept), Frames(0, 1));
        await store.Journals.AppendAsync(JournalName.Rounds(gone), Frames(0, 1));
        await store.RemoveAsync(gone);

        Assert.Empty(await store.Journals.ReadAsync(JournalName.Rounds(gone)));
        Assert.Single(await store.Journals.ReadAsync(JournalName.Rounds(kept)));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Load_RoundsOfNoTorrentAndHalfWrittenFiles_AreRemoved()
    {
        await _state.FillAsync(1);
        Directory.CreateDirectory(Folder);
        string[] names = [StateDirectory.Hash(1) + ".rounds", StateDirectory.Hash(9) + ".rounds", "events.log", "events.log.tmp"];
        Array.ForEach(names, name => File.WriteAllText(Path.Combine(Folder, name), ""));

        await _state.LoadAsync();

        Assert.Equal([names[0], names[2]], Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).OrderBy(name => name != names[0]));
    }

    [Fact]
    public async Task Append_StoreIsClosed_IsNoError()
    {
        var (store, _) = await _state.OpenAsync();
        await store.DisposeAsync();
        await store.Journals.AppendAsync(Small, Frames(0, 1));
        Assert.Empty(await store.Journals.ReadAsync(Small));
    }

    private static ImmutableArray<byte[]> Frames(int first, int count) => [.. Enumerable.Range(first, count).Select(BitConverter.GetBytes)];

    private async Task WithStoreAsync(Func<IJournalStore, Task> use)
    {
        var (store, _) = await _state.OpenAsync();
        await use(store.Journals);
        await store.DisposeAsync();
    }
}
