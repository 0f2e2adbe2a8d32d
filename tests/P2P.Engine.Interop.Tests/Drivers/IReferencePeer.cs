using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>What a reference client says of its one torrent.</summary>
/// <param name="Progress">0..1 of verified data; 0 while checking.</param>
/// <param name="IsComplete">It has everything and seeds.</param>
/// <param name="State">In the client's own words.</param>
/// <param name="Peers">Peers connected.</param>
public sealed record PeerStatus(double Progress, bool IsComplete, string State, int Peers);

/// <summary>A real client with one torrent, on a loopback address of its own, with every kind of discovery but trackers off.</summary>
public interface IReferencePeer : IAsyncDisposable
{
    /// <summary>"libtorrent", "Transmission", "aria2".</summary>
    string Name { get; }

    /// <summary>Where it listens.</summary>
    PeerEndpoint Endpoint { get; }

    /// <summary>The last lines it wrote, for failure messages.</summary>
    string Output { get; }

    /// <summary>Adds a torrent and starts it.</summary>
    /// <param name="torrentPath">The .torrent.</param>
    /// <param name="directory">Where the data is (seed) or goes (leech).</param>
    /// <param name="seed">The data is there, whole.</param>
    Task AddAsync(string torrentPath, string directory, bool seed);

    /// <summary>Adds a magnet link and starts it.</summary>
    Task AddMagnetAsync(string uri, string directory);

    /// <summary>How its torrent does.</summary>
    Task<PeerStatus> StatusAsync();

    /// <summary>Waits until it has everything; throws <see cref="TimeoutException"/> with its last state.</summary>
    async Task UntilCompleteAsync(TimeSpan timeout)
    {
        var last = new PeerStatus(0, IsComplete: false, "unknown", 0);
        try
        {
            await LoopbackFixture.UntilAsync(
                async () =>
                {
                    last = await StatusAsync().ConfigureAwait(false);
                    return last.IsComplete;
                },
                timeout,
                $"{Name} is not complete").ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}: {last}; it wrote: {Output}", exception);
        }
    }
}
