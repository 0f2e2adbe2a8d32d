namespace P2P.Engine.Persistence;

/// <summary>Turns what the operating system says about the data directory into a stable code and one sentence for the user.</summary>
internal static class StateFault
{
    // errno of Linux and macOS, and the Win32 codes as .NET puts them into HResult.
    private const int IoError = 5;
    private const int Denied = 13;
    private const int NoSpace = 28;
    private const int ReadOnly = 30;
    private const int QuotaMac = 69;
    private const int QuotaLinux = 122;
    private const int Win32HandleDiskFull = unchecked((int)0x80070027);
    private const int Win32DiskFull = unchecked((int)0x80070070);

    /// <summary>Names the fault; the exception's own words are kept for what is not known.</summary>
    public static TorrentEngineException Describe(Exception exception, string directory)
    {
        var (code, sentence) = exception switch
        {
            UnauthorizedAccessException => ("disk.denied", $"The state in {directory} cannot be written: this user may not write there."),
            IOException { HResult: NoSpace or QuotaMac or QuotaLinux or Win32DiskFull or Win32HandleDiskFull } =>
                ("disk.full", $"The state in {directory} cannot be saved: the disk is full; free some space and it goes on by itself."),
            IOException { HResult: ReadOnly } => ("disk.read_only", $"The state in {directory} cannot be saved: the disk is read-only."),
            IOException { HResult: Denied } => ("disk.denied", $"The state in {directory} cannot be written: this user may not write there."),
            IOException { HResult: IoError } => ("disk.io", $"The state in {directory} cannot be saved: the disk reports an input/output error."),
            _ => ("disk.io", $"The state in {directory} cannot be saved: {exception.Message.TrimEnd('.')}."),
        };
        return new TorrentEngineException(code, sentence, exception);
    }
}
