using Microsoft.Extensions.Logging;

namespace P2P.Engine.Persistence;

/// <summary>The DHT's id and nodes in a file of their own: worth little and changed wholly, so the database is spared them. Thread: the store's.</summary>
internal sealed class DhtStateFile(string dataDirectory, DurableFiles files, ILogger logger)
{
    /// <summary>Two full tables are under 100 KiB.</summary>
    private const long MaxBytes = 1 << 20;

    private readonly string _path = Path.Combine(dataDirectory, "dht.state");

    /// <summary>What was kept; empty when there is none. Whatever cannot be a table of ours is ignored, unread (row D23).</summary>
    public byte[] Read()
    {
        try
        {
            var file = new FileInfo(_path);
            return file.Exists && file.Length <= MaxBytes ? File.ReadAllBytes(_path) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.DhtStateUnread(logger, exception.Message);
            return [];
        }
    }

    /// <summary>Replaces what was kept, and tells the waiter when the device has it or why it has not.</summary>
    public void Write(ReadOnlySpan<byte> state, TaskCompletionSource waiter)
    {
        try
        {
            files.Write(_path, state);
            waiter.TrySetResult();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            waiter.TrySetException(StateFault.Describe(exception, dataDirectory));
        }
    }
}
