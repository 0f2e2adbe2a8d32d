using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

public sealed class LiteDbSessionStoreTests : IDisposable
{
    private readonly StateDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task LoadAsync_NewDirectory_IsEmptyWithoutNotice()
    {
        var session = await _state.LoadAsync();

        Assert.Empty(session.Torrents);
        Assert.Empty(session.Settings);
        Assert.Null(session.RecoveryNotice);
        Assert.False(session.WasCleanStop);
    }

    [Fact]
    public async Task LoadAsync_AfterCleanStop_ReturnsEverythingInOrder()
    {
        await _state.FillAsync(30);
        await using (var durable = _state.Create(new DurableFiles(StoreDurability.Full)))
        {
            await durable.LoadAsync(CancellationToken.None);
        }

        var session = await _state.LoadAsync();

        Assert.True(session.WasCleanStop);
        Assert.Null(session.RecoveryNotice);
        Assert.Equal("1000", session.Settings["MaxUploadRate"]);
        Assert.Equal(30, session.Torrents.Length);
        for (var number = 1; number <= 30; number++)
        {
            RecordAssert.Same(StateDirectory.Record(number), session.Torrents[number - 1].Record);
            Assert.Equal(StateDirectory.TorrentFile(number), session.Torrents[number - 1].TorrentFile);
        }
    }

    [Fact]
    public async Task LoadAsync_WithoutCleanStop_ReturnsWhatWasAcknowledged()
    {
        var (store, _) = await _state.OpenAsync();
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));
        using var copy = Snapshot();
        await store.DisposeAsync();

        var session = await copy.LoadAsync();

        Assert.False(session.WasCleanStop);
        Assert.Null(session.RecoveryNotice);
        RecordAssert.Same(StateDirectory.Record(1), Assert.Single(session.Torrents).Record);
    }

    [Fact]
    public async Task SaveAsync_ClockStandsStill_WaitsForTheBatch()
    {
        var (store, _) = await _state.OpenAsync();
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));

        var save = store.SaveAsync(StateDirectory.Record(1) with { Uploaded = 7 });

        Assert.False(save.IsCompleted);
        _state.Clock.Advance(LiteDbSessionStore.SaveInterval);
        await save;
        await store.DisposeAsync();
        Assert.Equal(7, (await _state.LoadAsync()).Torrents[0].Record.Uploaded);
    }

    [Fact]
    public async Task SaveAsync_ManyRecordsOfOneTorrent_AreOneBatchWithTheLast()
    {
        var files = new CountingFiles();
        var (store, _) = await _state.OpenAsync(files);
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));
        var before = files.Flushes;

        var saves = Enumerable.Range(1, 500).Select(i => store.SaveAsync(StateDirectory.Record(1) with { Uploaded = i })).ToArray();
        _state.Clock.Advance(LiteDbSessionStore.SaveInterval);
        await Task.WhenAll(saves);

        // The log before the checkpoint, the data file after it.
        Assert.Equal(2, files.Flushes - before);
        await store.DisposeAsync();
        Assert.Equal(500, (await _state.LoadAsync()).Torrents[0].Record.Uploaded);
    }

    [Fact]
    public async Task FlushAsync_SaveWaits_CompletesBothAtOnce()
    {
        var (store, _) = await _state.OpenAsync();
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));
        var save = store.SaveAsync(StateDirectory.Record(1) with { Uploaded = 7 });

        await store.FlushAsync();
        await save;

        await store.DisposeAsync();
    }

    [Fact]
    public async Task SaveAsync_NeverAddedTorrent_IsIgnored()
    {
        var (store, _) = await _state.OpenAsync();

        await store.SaveAsync(StateDirectory.Record(1));

        await store.DisposeAsync();
        Assert.Empty((await _state.LoadAsync()).Torrents);
    }

    [Fact]
    public async Task RemoveAsync_SavedTorrent_ForgetsRecordAndFile()
    {
        await _state.FillAsync(2);
        var (store, _) = await _state.OpenAsync();

        await store.RemoveAsync(StateDirectory.Hash(1));

        Assert.False(File.Exists(_state.TorrentPath(1)));
        await store.SaveAsync(StateDirectory.Record(1));
        await store.DisposeAsync();
        Assert.Equal(StateDirectory.Hash(2), Assert.Single((await _state.LoadAsync()).Torrents).Record.InfoHash);
    }

    [Fact]
    public async Task AddAsync_RightAfterRemove_KeepsTheNewOne()
    {
        await _state.FillAsync(1);
        var (store, _) = await _state.OpenAsync();

        var remove = store.RemoveAsync(StateDirectory.Hash(1));
        var add = store.AddAsync(StateDirectory.Record(1) with { Name = "again" }, StateDirectory.TorrentFile(1));
        await Task.WhenAll(remove, add);

        await store.DisposeAsync();
        var (record, torrentFile) = Assert.Single((await _state.LoadAsync()).Torrents);
        Assert.Equal("again", record.Name);
        Assert.Equal(StateDirectory.TorrentFile(1), torrentFile);
    }

    [Fact]
    public async Task LoadAsync_TorrentFileOfUnknownTorrent_IsSetAsideNotDeleted()
    {
        await _state.FillAsync(1);
        File.WriteAllBytes(_state.TorrentPath(9), StateDirectory.TorrentFile(9));

        var session = await _state.LoadAsync();

        Assert.Single(session.Torrents);
        Assert.False(File.Exists(_state.TorrentPath(9)));
        Assert.True(File.Exists(Path.Combine(_state.Path, "torrents", "set-aside", Path.GetFileName(_state.TorrentPath(9)))));
    }

    [Fact]
    public async Task LoadAsync_TorrentFileMissing_KeepsRecordAndSaysSo()
    {
        await _state.FillAsync(2);
        File.Delete(_state.TorrentPath(1));

        var session = await _state.LoadAsync();

        Assert.Equal(2, session.Torrents.Length);
        Assert.Empty(session.Torrents[0].TorrentFile);
        Assert.Contains(".torrent files of 1 torrents are missing", session.RecoveryNotice);
    }

    [Fact]
    public async Task Batch_DeviceFails_TellsKeepsAndRecovers()
    {
        var files = new CountingFiles();
        var (store, _) = await _state.OpenAsync(files);
        await store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1));
        files.Error = new IOException("No space left on device", 28);

        var save = store.SaveAsync(StateDirectory.Record(1) with { Uploaded = 7 });
        var refused = await Assert.ThrowsAsync<TorrentEngineException>(() => store.FlushAsync());
        var refusedAdd = await Assert.ThrowsAsync<TorrentEngineException>(() => store.AddAsync(StateDirectory.Record(2), StateDirectory.TorrentFile(2)));

        Assert.Equal("disk.full", refused.Code);
        Assert.Equal("disk.full", refusedAdd.Code);
        Assert.Contains("disk is full", store.StateError);
        Assert.False(save.IsCompleted);
        files.Error = null;
        await _state.AdvanceUntilAsync(save);
        Assert.Null(store.StateError);
        await store.DisposeAsync();
        Assert.Equal(7, Assert.Single((await _state.LoadAsync()).Torrents).Record.Uploaded);
    }

    [Fact]
    public async Task Batch_DeviceFailsWithNothingWaiting_RecoversByItself()
    {
        var files = new CountingFiles();
        var (store, _) = await _state.OpenAsync(files);
        files.Error = new IOException("I/O error", 5);
        await Assert.ThrowsAsync<TorrentEngineException>(() => store.AddAsync(StateDirectory.Record(1), StateDirectory.TorrentFile(1)));
        Assert.NotNull(store.StateError);

        files.Error = null;
        while (store.StateError is not null)
        {
            _state.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await store.DisposeAsync();
        Assert.Empty((await _state.LoadAsync()).Torrents);
    }

    [Fact]
    public async Task LoadAsync_TwoStops_KeepsTwoCopies()
    {
        await _state.FillAsync(3);
        await _state.LoadAsync();
        await _state.LoadAsync();

        Assert.Equal(2, Directory.GetFiles(Path.Combine(_state.Path, "copies")).Length);
    }

    [Fact]
    public async Task LoadAsync_WrittenByNewerVersion_RefusesAndChangesNothing()
    {
        await _state.FillAsync(1);
        File.WriteAllText(Path.Combine(_state.Path, "format"), "99\n");
        var before = Fingerprint();

        var refused = await Assert.ThrowsAsync<TorrentEngineException>(() => _state.LoadAsync());

        Assert.Equal("state.newer", refused.Code);
        Assert.Contains("format 99", refused.Message);
        Assert.Equal(before, Fingerprint());
    }

    [Fact]
    public async Task LoadAsync_DirectoryInUse_NamesDirectoryAndProcess()
    {
        var (store, _) = await _state.OpenAsync();

        var refused = await Assert.ThrowsAsync<TorrentEngineException>(() => _state.LoadAsync());

        Assert.Equal("state.locked", refused.Code);
        Assert.Contains(_state.Path, refused.Message);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message);
        await store.DisposeAsync();
        Assert.Null((await _state.LoadAsync()).RecoveryNotice);
    }

    [Fact]
    public async Task SaveAsync_AfterDispose_Throws()
    {
        var (store, _) = await _state.OpenAsync();
        await store.DisposeAsync();
        await store.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => { _ = store.SaveAsync(StateDirectory.Record(1)); });
    }

    [Fact]
    public async Task DisposeAsync_SaveWaits_WritesIt()
    {
        await _state.FillAsync(1);
        var (store, _) = await _state.OpenAsync();
        var save = store.SaveAsync(StateDirectory.Record(1) with { Uploaded = 9 });

        await store.DisposeAsync();

        await save;
        Assert.Equal(9, (await _state.LoadAsync()).Torrents[0].Record.Uploaded);
    }

    [Fact]
    public async Task SaveSettingsAsync_LongKeysAndText_ComeBack()
    {
        var settings = ImmutableDictionary<string, string>.Empty.Add("Engine:SharedDirectory", "/daten/Ünï \u4e2d").Add("Empty", "");
        var (store, _) = await _state.OpenAsync();
        await store.SaveSettingsAsync(settings);
        await store.DisposeAsync();

        Assert.Equal(settings, (await _state.LoadAsync()).Settings);
    }

    /// <summary>The directory as a power cut would leave it, were all writes to reach the device at once.</summary>
    private StateDirectory Snapshot()
    {
        var copy = new StateDirectory();
        foreach (var path in Directory.GetFiles(_state.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("/lock")))
        {
            var target = Path.Combine(copy.Path, Path.GetRelativePath(_state.Path, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var to = File.Create(target);
            from.CopyTo(to);
        }

        return copy;
    }

    private string Fingerprint() => string.Join('\n', Directory.GetFiles(_state.Path, "*", SearchOption.AllDirectories)
        .Where(path => !Path.GetFileName(path).StartsWith("lock", StringComparison.Ordinal)).Order()
        .Select(path => $"{path} {Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(File.ReadAllBytes(path)))}"));
}

/// <summary>Counts flushes of files and fails them on demand.</summary>
internal sealed class CountingFiles() : DurableFiles(StoreDurability.None)
{
    private int _flushes;

    public int Flushes => _flushes;

    public volatile Exception? Error;

    public override void Flush(SafeFileHandle file)
    {
        if (Error is { } error)
        {
            throw error;
        }

        Interlocked.Increment(ref _flushes);
    }
}
