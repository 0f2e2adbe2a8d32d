using Microsoft.AspNetCore.Components;
using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Base of the one component per circuit that follows the engine; everything below it renders in the same batch.</summary>
/// <remarks>Never more than one render is waiting: a circuit that is slow, or hidden, skips versions and gets the latest when it is back.</remarks>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private IDisposable? _listening;
    private int _isPending;
    private bool _isDisposed;

    /// <summary>Where beats come from.</summary>
    [Inject]
    internal SessionFeed Feed { get; set; } = null!;

    /// <summary>A hidden page is sent nothing; one render brings it up to date when it is seen again.</summary>
    [Inject]
    internal PageVisibility Visibility { get; set; } = null!;

    /// <summary>The session this circuit shows now.</summary>
    protected SessionSnapshot Session { get; private set; } = null!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _listening?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Session = Feed.Current;
        _listening = Feed.Listen(OnBeat);
    }

    /// <summary>The browser tab was shown or hidden.</summary>
    protected void SetVisible(bool isVisible)
    {
        Visibility.IsVisible = isVisible;
        if (isVisible)
        {
            Show();
        }
    }

    private void OnBeat()
    {
        if (Visibility.IsVisible && Interlocked.Exchange(ref _isPending, 1) == 0)
        {
            _ = InvokeAsync(Show);
        }
    }

    private void Show()
    {
        Volatile.Write(ref _isPending, 0);
        if (!_isDisposed)
        {
            Session = Feed.Current;
            StateHasChanged();
        }
    }
}
