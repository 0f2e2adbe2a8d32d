namespace P2P.Engine.Session;

/// <summary>Asks the volume of a folder how much is free.</summary>
internal static class FreeSpace
{
    /// <summary>Bytes free for us on the volume of <paramref name="folder"/>; -1 when it cannot be told.</summary>
    public static long Of(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return -1;
        }
    }
}
