namespace P2P.Blazor.Live;

/// <summary>Which notices have been read, for all windows until the program ends: what was closed in one is not shown again by a reload.</summary>
internal sealed class NoticeBoard
{
    private volatile bool _isRecoveryRead;

    /// <summary>What the start had to recover was read.</summary>
    public bool IsRecoveryRead => _isRecoveryRead;

    /// <summary>Somebody closed that notice.</summary>
    public void ReadRecovery() => _isRecoveryRead = true;
}
