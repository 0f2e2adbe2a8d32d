using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine;
using P2P.Engine.Persistence;

namespace P2P.Harness;

/// <summary>Fills the disk under the store and frees it again: it says so, refuses what it cannot save, and recovers by itself (FT09).</summary>
internal sealed class StoreFullDisk
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private int _mistakes;

    public async Task<int> RunAsync()
    {
        using var disk = new LoopDisk(24);
        var state = Path.Combine(disk.MountPoint, "state");
        var ballast = Path.Combine(disk.MountPoint, "ballast");
        await using (var store = new LiteDbSessionStore(state, TimeProvider.System, NullLogger.Instance))
        {
            await store.LoadAsync(CancellationToken.None);
            for (var number = 1; number <= 50; number++)
            {
                await store.AddAsync(StoreStorm.RecordOf(number, 0), StoreStorm.TorrentFileOf(number));
            }

            Fill(ballast);
            var saves = Enumerable.Range(1, 50).Select(number => store.SaveAsync(StoreStorm.RecordOf(number, 1))).ToArray();
            Expect(await CodeOfAsync(store.FlushAsync()) == "disk.full", "a flush on a full disk fails with disk.full");
            var refused = await CodeOfAsync(store.AddAsync(StoreStorm.RecordOf(51, 0), StoreStorm.TorrentFileOf(51)));
            Expect(refused == "disk.full", "an add on a full disk fails with disk.full");
            Expect(store.StateError is { } sentence && sentence.Contains("disk is full", StringComparison.Ordinal), "the state error says so");
            File.Delete(ballast);
            var all = Task.WhenAll(saves);
            Expect(await Task.WhenAny(all, Task.Delay(Limit)) == all, "waiting saves complete once there is room");
            Expect(store.StateError is null, "the state error is gone");
        }

        await using var again = new LiteDbSessionStore(state, TimeProvider.System, NullLogger.Instance);
        var session = await again.LoadAsync(CancellationToken.None);
        Expect(session.RecoveryNotice is null && session.WasCleanStop, "the database is whole");
        Expect(session.Torrents.Length == 50 && session.Torrents.All(torrent => torrent.Record.Uploaded == 1), "all 50 records are the last ones");
        Console.WriteLine($"store-full: {_mistakes} mistakes");
        return _mistakes == 0 ? 0 : 1;
    }

    private void Expect(bool isTrue, string what)
    {
        _mistakes += isTrue ? 0 : 1;
        Console.WriteLine($"{(isTrue ? "ok  " : "FAIL")} {what}");
    }

    private static async Task<string?> CodeOfAsync(Task task)
    {
        try
        {
            await task.WaitAsync(Limit);
            return null;
        }
        catch (TorrentEngineException exception)
        {
            return exception.Code;
        }
    }

    private static void Fill(string path)
    {
        using var file = File.Create(path, bufferSize: 0);
        foreach (var size in new[] { 1 << 20, 1 << 12 })
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[size]);
                    file.Flush(flushToDisk: true);
                }
            }
            catch (IOException)
            {
                // No room left for this size.
            }
        }
    }
}
