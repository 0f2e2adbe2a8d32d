using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Where peers come from, in words: the name and icon of each source, and what it is doing.</summary>
internal static class DiscoveryWords
{
    /// <summary>A source's name, icon, and what it is in half a sentence.</summary>
    public static (string Name, string Icon, string What) Of(DiscoverySource source) => source switch
    {
        DiscoverySource.Tracker => (Text.T("source.tracker"), "tower", Text.T("source.tracker-what")),
        DiscoverySource.Dht => (Text.T("source.dht"), "net", Text.T("source.dht-what")),
        DiscoverySource.LocalNetwork => (Text.T("source.lan"), "home", Text.T("source.lan-what")),
        DiscoverySource.Exchange => (Text.T("source.pex"), "share", Text.T("source.pex-what")),
        DiscoverySource.Manual => (Text.T("source.hand"), "hand", Text.T("source.hand-what")),
        _ => (Text.T("source.in"), "in", Text.T("source.in-what")),
    };

    /// <summary>A state's word, icon and colour class.</summary>
    public static (string Word, string Icon, string Css) Of(DiscoveryState state) => state switch
    {
        DiscoveryState.Off => (Text.T("source-state.off"), "close", "st-pause"),
        DiscoveryState.Forbidden => (Text.T("source-state.forbidden"), "lock", "st-queue"),
        DiscoveryState.Waiting => (Text.T("source-state.waiting"), "wait", "st-wait"),
        DiscoveryState.Asking => (Text.T("source-state.asking"), "search", "st-down"),
        DiscoveryState.Working => (Text.T("source-state.working"), "check", "st-seed"),
        _ => (Text.T("source-state.failing"), "error", "st-error"),
    };

    /// <summary>What came of it last; for a forbidden or switched-off source without words of its own, why.</summary>
    public static string Message(DiscoverySnapshot source) => source switch
    {
        { State: DiscoveryState.Forbidden } => Text.T("source.private"),
        { Message.Length: > 0 } => Sentence(source.Message),
        { State: DiscoveryState.Off } => Text.T("source.switched-off"),
        { Source: DiscoverySource.Manual } => Text.T("source.hand-none"),
        { Source: DiscoverySource.Incoming } => Text.T("source.in-none"),
        _ => Text.T("net.not-asked"),
    };

    /// <summary>Begins with a capital and ends with a stop: texts of trackers and nodes do either rarely.</summary>
    public static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}{(text[^1] is '.' or '!' or '?' ? "" : ".")}";
}
