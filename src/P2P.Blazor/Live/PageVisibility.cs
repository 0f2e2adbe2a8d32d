namespace P2P.Blazor.Live;

/// <summary>Whether this circuit's browser tab is seen; a hidden one is sent nothing. One per circuit, used on its own thread only.</summary>
internal sealed class PageVisibility
{
    /// <summary>Seen until the browser says otherwise.</summary>
    public bool IsVisible { get; set; } = true;
}
