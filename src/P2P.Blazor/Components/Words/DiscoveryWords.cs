using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Where peers come from, in words: the name and icon of each source, and what it is doing.</summary>
internal static class DiscoveryWords
{
    /// <summary>A source's name, icon, and what it is in half a sentence.</summary>
    public static (string Name, string Icon, string What) Of(DiscoverySource source) => source switch
    {
        DiscoverySource.Tracker => ("Trackers", "tower", "servers named by the torrent that know its peers"),
        DiscoverySource.Dht => ("DHT", "net", "thousands of peers that together do what a tracker does"),
        DiscoverySource.LocalNetwork => ("Local network", "home", "peers on your own network, found by calling out"),
        DiscoverySource.Exchange => ("Peer exchange", "share", "connected peers tell whom they know"),
        DiscoverySource.Manual => ("By hand", "hand", "addresses you typed, or the magnet link named"),
        _ => ("Came to you", "in", "peers that found you and connected"),
    };

    /// <summary>A state's word, icon and colour class.</summary>
    public static (string Word, string Icon, string Css) Of(DiscoveryState state) => state switch
    {
        DiscoveryState.Off => ("Off", "close", "st-pause"),
        DiscoveryState.Forbidden => ("Not allowed", "lock", "st-queue"),
        DiscoveryState.Waiting => ("Waiting", "wait", "st-wait"),
        DiscoveryState.Asking => ("Asking now", "search", "st-down"),
        DiscoveryState.Working => ("Working", "check", "st-seed"),
        _ => ("Failing", "error", "st-error"),
    };

    /// <summary>What came of it last; for a forbidden or switched-off source without words of its own, why.</summary>
    public static string Message(DiscoverySnapshot source) => source switch
    {
        { State: DiscoveryState.Forbidden } => "This torrent is private: its maker wants peers to come from its trackers only, so nobody else is told about it (BEP 27).",
        { Message.Length: > 0 } => Sentence(source.Message),
        { State: DiscoveryState.Off } => "Switched off in the settings.",
        { Source: DiscoverySource.Manual } => "You have named nobody; add a peer by its address on the Peers tab.",
        { Source: DiscoverySource.Incoming } => "Nobody has come yet.",
        _ => "Not asked yet.",
    };

    /// <summary>Begins with a capital and ends with a stop: texts of trackers and nodes do either rarely.</summary>
    public static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}{(text[^1] is '.' or '!' or '?' ? "" : ".")}";
}
