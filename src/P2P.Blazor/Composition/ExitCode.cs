namespace P2P.Blazor.Composition;

/// <summary>What the process answers to its shell.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as asked.</summary>
    public const int Success = 0;

    /// <summary>Could not start or go on; the reason is on standard error and in the log.</summary>
    public const int Failed = 1;

    /// <summary>A setting is wrong, or would serve the page beyond this machine.</summary>
    public const int InvalidSettings = 2;

    /// <summary>Another program has the page's port.</summary>
    public const int WebPortInUse = 3;

    /// <summary>Another process has the data directory.</summary>
    public const int StateLocked = 4;
}
