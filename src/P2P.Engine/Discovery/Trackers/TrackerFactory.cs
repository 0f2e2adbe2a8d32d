using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Makes the client that an announce URL asks for.</summary>
/// <param name="network">How trackers are reached.</param>
/// <param name="clock">Times their deadlines.</param>
/// <param name="random">Seeds their transaction ids; used while creating only.</param>
/// <param name="minInterval">Lower bound of the intervals they may ask for.</param>
internal sealed class TrackerFactory(INetwork network, TimeProvider clock, Random random, TimeSpan minInterval)
{
    /// <summary>A tracker for <paramref name="url"/>, or null and why its URL cannot be used.</summary>
    public ITracker? Create(string url, out (string Code, string Message) problem)
    {
        if (!TrackerUrl.TryParse(url, out var parsed, out problem))
        {
            return null;
        }

        return parsed.Scheme == TrackerScheme.Udp
            ? new UdpTracker(parsed, network, clock, new Random(random.Next()), minInterval)
            : new HttpTracker(parsed, network, clock, minInterval);
    }
}
