namespace P2P.Engine.Storage;

/// <summary>Reads a file that is whole, past the torrent it belongs to.</summary>
internal static class FinishedFile
{
    /// <summary>The file, to be read and sought; it may be moved or deleted meanwhile. Throws "disk.read".</summary>
    public static Stream Open(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TorrentEngineException("disk.read", $"The file cannot be read: {exception.Message}", exception);
        }
    }
}
