using System.Globalization;
using System.Text;

namespace P2P.Engine.Storage;

/// <summary>Where a file's bytes are now.</summary>
internal enum FilePlace
{
    /// <summary>Not looked yet.</summary>
    Unknown,

    /// <summary>Not on disk; bytes it shares with wanted pieces may be in the parts file.</summary>
    Absent,

    /// <summary>In the incomplete root under its partial name.</summary>
    Partial,

    /// <summary>In the incomplete root under its own name, left there by someone else.</summary>
    Plain,

    /// <summary>In the shared root.</summary>
    Shared,

    /// <summary>Something else stands there; see <see cref="StoredFile.Refusal"/>.</summary>
    Refused,
}

/// <summary>One file of a torrent and where it is. Changed under <see cref="Gate"/>, or by a job that runs alone.</summary>
internal sealed class StoredFile
{
    private const string Suffix = ".part";
    private FileFact _fact;

    public StoredFile(StorageSpec spec, int index, long offset, IReadOnlySet<string> allPaths)
    {
        var file = spec.Files[index];
        (Index, Path, Length, Offset, IsPad) = (index, file.Path, file.Length, offset, file.IsPad);
        var folder = SafePath.FolderOf(Path);
        var prefix = string.Create(
            CultureInfo.InvariantCulture, $"{folder}{(folder.Length == 0 ? "" : "/")}.{spec.InfoHash.ToString().ToLowerInvariant()}.{index}");
        var isTooLong = Encoding.UTF8.GetByteCount(Path.AsSpan(folder.Length).TrimStart('/')) + Suffix.Length > SafePath.LongestName;
        PartialPath = isTooLong || allPaths.Contains(Path + Suffix) ? prefix + Suffix : Path + Suffix;
        CopyPath = prefix + ".copy";
    }

    /// <summary>Index in the metainfo.</summary>
    public int Index { get; }

    /// <summary>Relative path of the finished file.</summary>
    public string Path { get; }

    /// <summary>Relative path while unfinished: ".part" added, or a short hidden name where that is too long or taken by the torrent itself.</summary>
    public string PartialPath { get; }

    /// <summary>Relative path of a copy being made, renamed when it is whole and flushed.</summary>
    public string CopyPath { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>First byte, in the concatenation of the files.</summary>
    public long Offset { get; }

    /// <summary>Zeros, never on disk (BEP 47).</summary>
    public bool IsPad { get; }

    /// <summary>Guards the fields below. Taken after the parts gate, never before it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Where it is.</summary>
    public FilePlace Place { get; set; }

    /// <summary>Why it may not be touched, when <see cref="Place"/> is Refused.</summary>
    public DiskError? Refusal { get; set; }

    /// <summary>A verified, flushed copy waits at <see cref="CopyPath"/> in the shared root.</summary>
    public bool IsCopied { get; set; }

    /// <summary>As last looked at.</summary>
    public FileFact Fact
    {
        get
        {
            // Three words: without the gate a reader on another thread could see half of two looks.
            lock (Gate)
            {
                return _fact;
            }
        }

        set
        {
            lock (Gate)
            {
                _fact = value;
            }
        }
    }
}
