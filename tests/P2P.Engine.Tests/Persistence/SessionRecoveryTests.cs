using System.Text;
using LiteDB;
using P2P.Engine.Persistence;
using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

/// <summary>Every damage of the limits study 5.3 and the reliability study 3.14: the start succeeds and says what it did.</summary>
public sealed class SessionRecoveryTests : IDisposable
{
    private const int Count = 60;
    private const int PageSize = 8192;

    private readonly StateDirectory _state = new();

    public static TheoryData<string> Damages => new(
        "empty file", "missing file", "truncated to half", "truncated inside a page", "header zeroed", "header garbage", "page 1 zeroed", "page 5 zeroed",
        "middle page zeroed", "page of random bytes", "all garbage", "4 KiB of garbage", "wrong file version");

    public void Dispose() => _state.Dispose();

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task LoadAsync_DamagedDatabase_RestoresAllFromTheCopy(string damage)
    {
        await _state.FillAsync(Count);
        Apply(damage);

        var session = await _state.LoadAsync();

        AssertComplete(session);
        Assert.False(session.WasCleanStop);
        Assert.NotNull(session.RecoveryNotice);
        Assert.Contains("p2p.db.corrupt-20261122T120000Z", session.RecoveryNotice);
        Assert.Equal("1000", session.Settings["MaxUploadRate"]);
        Assert.Null((await _state.LoadAsync()).RecoveryNotice);
        if (damage != "missing file")
        {
            Assert.True(File.Exists(_state.Database + ".corrupt-20261122T120000Z"));
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task LoadAsync_DamagedDatabaseAndNewestCopy_UsesTheOlderCopy(string damage)
    {
        await _state.FillAsync(Count);
        await _state.LoadAsync();
        Apply(damage);
        var newest = Copies()[^1];
        File.WriteAllBytes(newest, File.ReadAllBytes(newest)[..^PageSize]);

        var session = await _state.LoadAsync();

        AssertComplete(session);
        Assert.NotNull(session.RecoveryNotice);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task LoadAsync_NoCopyLeft_RebuildsTheListFromTorrentFiles(string damage)
    {
        await _state.FillAsync(Count);
        Apply(damage);
        foreach (var copy in Copies())
        {
            File.Delete(copy);
        }

        var session = await _state.LoadAsync();

        Assert.Equal(Count, session.Torrents.Length);
        Assert.Contains(".torrent files", session.RecoveryNotice);
        foreach (var (record, torrentFile) in session.Torrents)
        {
            Assert.True(record.IsStarted);
            Assert.True(!record.WasChecked || record.Have is not null);
            Assert.NotEmpty(torrentFile);
        }
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(3 * PageSize, 0)]
    [InlineData(3 * PageSize, 17)]
    public async Task LoadAsync_LogOfGarbageOrZeros_LosesNothing(int length, int seed)
    {
        await _state.FillAsync(Count);
        var log = new byte[length];
        if (seed != 0)
        {
            new Random(seed).NextBytes(log);
        }

        File.WriteAllBytes(_state.Log, log);

        AssertComplete(await _state.LoadAsync());
    }

    [Fact]
    public async Task LoadAsync_OneDocumentFlipped_TakesOnlyThatOneFromTheCopy()
    {
        await _state.FillAsync(Count);
        var (store, _) = await _state.OpenAsync();
        var changed = StateDirectory.Record(7) with { Uploaded = 777, AddedAt = StateDirectory.Record(7).AddedAt };
        var save = store.SaveAsync(changed);
        await store.FlushAsync();
        await save;
        await store.DisposeAsync();
        FlipNameOf(8);

        var session = await _state.LoadAsync();

        Assert.Contains("1 documents whose checksum is wrong", session.RecoveryNotice);
        Assert.Equal(777, session.Torrents[6].Record.Uploaded);
        RecordAssert.Same(StateDirectory.Record(8), session.Torrents[7].Record);
        Assert.Equal(Count, session.Torrents.Length);
    }

    [Fact]
    public async Task LoadAsync_EveryByteOfADocumentPageFlipped_NeverLoadsAWrongRecord()
    {
        await _state.FillAsync(5);
        var good = File.ReadAllBytes(_state.Database);
        var at = IndexOf(good, "torrent 3"u8);
        for (var offset = at - 60; offset < at + 300; offset += 7)
        {
            var bad = (byte[])good.Clone();
            bad[offset] ^= 0x10;
            File.WriteAllBytes(_state.Database, bad);
            File.WriteAllBytes(_state.Log, []);

            var session = await _state.LoadAsync();

            Assert.Equal(5, session.Torrents.Length);
            foreach (var (record, _) in session.Torrents)
            {
                RecordAssert.Same(StateDirectory.Record((int)(record.Downloaded / 1000)), record);
            }
        }
    }

    [Fact]
    public async Task LoadAsync_DocumentDeletedBehindOurBack_IsDamage()
    {
        await _state.FillAsync(5);
        using (var database = new LiteDatabase(new ConnectionString { Filename = _state.Database, Connection = ConnectionType.Direct }))
        {
            database.GetCollection("torrents").Delete(StateDirectory.Hash(2).ToArray());
        }

        var session = await _state.LoadAsync();

        Assert.Contains("holds 4 torrents instead of 5", session.RecoveryNotice);
        Assert.Equal(5, session.Torrents.Length);
        RecordAssert.Same(StateDirectory.Record(2), session.Torrents[1].Record);
    }

    [Fact]
    public async Task LoadAsync_DocumentOfForeignShape_IsDamageNotACrash()
    {
        await _state.FillAsync(5);
        using (var database = new LiteDatabase(new ConnectionString { Filename = _state.Database, Connection = ConnectionType.Direct }))
        {
            database.GetCollection("torrents").Insert(new BsonDocument { ["_id"] = "x", ["v"] = "1", ["_type"] = "System.Object" });
        }

        var session = await _state.LoadAsync();

        Assert.NotNull(session.RecoveryNotice);
        Assert.Equal(5, session.Torrents.Length);
    }

    [Fact]
    public async Task LoadAsync_DocumentOfNewerVersion_RefusesAndSetsNothingAside()
    {
        await _state.FillAsync(5);
        using (var database = new LiteDatabase(new ConnectionString { Filename = _state.Database, Connection = ConnectionType.Direct }))
        {
            var id = StateDirectory.Hash(2).ToArray();
            database.GetCollection("torrents").Upsert(new DocumentEnvelope(id, TorrentRecordCodec.Version + 1, 5, [1, 2]).ToDocument());
        }

        var refused = await Assert.ThrowsAsync<TorrentEngineException>(() => _state.LoadAsync());

        Assert.Equal("state.newer", refused.Code);
        Assert.Empty(Directory.GetFiles(_state.Path, "*.corrupt-*"));
    }

    [Fact]
    public async Task LoadAsync_TorrentRemovedSinceTheCopy_StaysRemoved()
    {
        await _state.FillAsync(3);
        var (store, _) = await _state.OpenAsync();
        await store.RemoveAsync(StateDirectory.Hash(2));
        await store.AddAsync(StateDirectory.Record(4), StateDirectory.TorrentFile(4));
        await store.DisposeAsync();
        File.Delete(Copies()[^1]);
        Apply("header zeroed");

        var session = await _state.LoadAsync();

        Assert.Equal(
            new[] { 1, 3, 4 }.Select(StateDirectory.Hash).Order(), session.Torrents.Select(torrent => torrent.Record.InfoHash).Order());
        Assert.Contains("2 from the copy", session.RecoveryNotice);
        Assert.Contains("1 from their .torrent files", session.RecoveryNotice);
    }

    [Fact]
    public async Task LoadAsync_CutBetweenTheTwoRenames_FinishesTheRecovery()
    {
        await _state.FillAsync(Count);
        File.Move(_state.Database, Path.Combine(_state.Path, "p2p-new.db"));
        foreach (var copy in Copies())
        {
            File.Delete(copy);
        }

        var session = await _state.LoadAsync();

        AssertComplete(session);
        Assert.NotNull(session.RecoveryNotice);
    }

    private void AssertComplete(LoadedSession session)
    {
        Assert.Equal(Count, session.Torrents.Length);
        for (var i = 0; i < Count; i++)
        {
            RecordAssert.Same(StateDirectory.Record(i + 1), session.Torrents[i].Record);
            Assert.Equal(StateDirectory.TorrentFile(i + 1), session.Torrents[i].TorrentFile);
        }
    }

    private string[] Copies() => [.. Directory.GetFiles(Path.Combine(_state.Path, "copies")).Order()];

    private void FlipNameOf(int number)
    {
        var bytes = File.ReadAllBytes(_state.Database);
        bytes[IndexOf(bytes, Encoding.ASCII.GetBytes($"torrent {number}\0"))] ^= 1;
        File.WriteAllBytes(_state.Database, bytes);
    }

    private static int IndexOf(byte[] bytes, ReadOnlySpan<byte> text)
    {
        var at = bytes.AsSpan().IndexOf(text);
        Assert.True(at > 0);
        return at;
    }

    private void Apply(string damage)
    {
        var bytes = File.ReadAllBytes(_state.Database);
        var random = new Random(20261122);
        switch (damage)
        {
            case "empty file": bytes = []; break;
            case "missing file": File.Delete(_state.Database); return;
            case "truncated to half": bytes = bytes[..(bytes.Length / PageSize / 2 * PageSize)]; break;
            case "truncated inside a page": bytes = bytes[..((bytes.Length / 2) + 100)]; break;
            case "header zeroed": bytes.AsSpan(0, PageSize).Clear(); break;
            case "header garbage": random.NextBytes(bytes.AsSpan(0, PageSize)); break;
            case "page 1 zeroed": bytes.AsSpan(PageSize, PageSize).Clear(); break;
            case "page 5 zeroed": bytes.AsSpan(5 * PageSize, PageSize).Clear(); break;
            case "middle page zeroed": bytes.AsSpan(bytes.Length / PageSize / 2 * PageSize, PageSize).Clear(); break;
            case "page of random bytes": random.NextBytes(bytes.AsSpan(bytes.Length / PageSize / 2 * PageSize, PageSize)); break;
            case "all garbage": random.NextBytes(bytes); break;
            case "4 KiB of garbage": bytes = bytes[..4096]; random.NextBytes(bytes); break;
            case "wrong file version": bytes[59] = 4; break;
            default: throw new ArgumentOutOfRangeException(nameof(damage));
        }

        File.WriteAllBytes(_state.Database, bytes);
    }
}
