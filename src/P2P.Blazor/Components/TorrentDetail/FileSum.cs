using P2P.Engine;

namespace P2P.Blazor.Components.TorrentDetail;

/// <summary>What a row of the file tree shows: a file's numbers, or the sums of a folder.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Have">Bytes in verified pieces.</param>
/// <param name="Priority">How much it is wanted; null when files in a folder differ.</param>
public readonly record struct FileSum(long Length, long Have, FilePriority? Priority)
{
    /// <summary>0..1; an empty file is whole.</summary>
    public double Share => Length == 0 ? 1 : (double)Have / Length;
}
