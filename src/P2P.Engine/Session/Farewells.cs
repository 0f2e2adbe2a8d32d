using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;

namespace P2P.Engine.Session;

/// <summary>What must be said to others before the end: "stopped" to trackers, the DHT's nodes to the store. Session loop only, but for the waiting.</summary>
internal sealed class Farewells(TimeProvider clock, ILogger logger)
{
    private readonly List<Task> _tasks = [];

    /// <summary>Remembers one that is under way.</summary>
    public void Add(Task farewell)
    {
        _tasks.RemoveAll(task => task.IsCompleted);
        _tasks.Add(farewell);
    }

    /// <summary>Waits for torrents to stop, then for all farewells, then for what ends last; each with a deadline. Never throws.</summary>
    public async Task WaitAsync(Task[] stops, Func<Task> beside, Func<Task> last, TaskCompletionSource reply)
    {
        try
        {
            await Task.WhenAll(stops).WaitAsync(TimeSpan.FromSeconds(8), clock).ConfigureAwait(false);
            await Task.WhenAll([beside(), .. _tasks.ToArray()]).WaitAsync(TimeSpan.FromSeconds(5), clock).ConfigureAwait(false);
            await last().WaitAsync(TimeSpan.FromSeconds(2), clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            EngineLog.StopDeadline(logger, "torrents");
        }

        reply.TrySetResult();
    }
}
