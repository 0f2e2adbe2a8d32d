using P2P.Engine.Primitives;

namespace P2P.Blazor.Components.TorrentList;

/// <summary>Something done to the grid, as its script tells it.</summary>
/// <param name="Kind">"select", "toggle", "all", "open", "menu", "start", "stop", "hold", "release", or "key:" and the key.</param>
/// <param name="Row">Which row; null for none.</param>
/// <param name="IsToggle">With Ctrl or Command.</param>
/// <param name="IsSpan">With Shift.</param>
/// <param name="X">Where on the screen, CSS pixels.</param>
/// <param name="Y">Where on the screen, CSS pixels.</param>
public sealed record GridEvent(string Kind, InfoHash? Row, bool IsToggle, bool IsSpan, double X, double Y);
