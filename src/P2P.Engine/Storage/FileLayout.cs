using System.Collections.Immutable;

namespace P2P.Engine.Storage;

/// <summary>Turns a run of bytes of the torrent into runs of bytes of its files. Immutable.</summary>
/// <remarks>Offsets are in the concatenation of the files, in bytes, as <see cref="Primitives.PieceGeometry"/> gives them.</remarks>
internal sealed class FileLayout
{
    // Files of at least one byte: index in the metainfo, and where each begins.
    private readonly int[] _files;
    private readonly long[] _starts;
    private readonly ImmutableArray<StorageFile> _all;

    /// <summary>Lays the files end to end, pad files included.</summary>
    public FileLayout(ImmutableArray<StorageFile> files)
    {
        _all = files;
        _files = [.. Enumerable.Range(0, files.Length).Where(i => files[i].Length > 0)];
        _starts = new long[_files.Length];
        long offset = 0;
        for (var i = 0; i < _files.Length; i++)
        {
            _starts[i] = offset;
            offset = checked(offset + files[_files[i]].Length);
        }

        TotalLength = offset;
    }

    /// <summary>Bytes of all files.</summary>
    public long TotalLength { get; }

    /// <summary>The file runs that make up <paramref name="length"/> bytes from <paramref name="offset"/> on, in order.</summary>
    public SpanEnumerator Spans(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, TotalLength - offset);
        var index = Array.BinarySearch(_starts, offset);
        return new SpanEnumerator(this, index >= 0 ? index : ~index - 1, offset, length);
    }

    /// <summary>Walks the spans without allocating.</summary>
    internal struct SpanEnumerator(FileLayout layout, int index, long offset, long left)
    {
        /// <summary>The span last reached.</summary>
        public FileSpan Current { get; private set; }

        public readonly SpanEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (left <= 0)
            {
                return false;
            }

            var file = layout._files[index];
            var inFile = offset - layout._starts[index];
            var taken = Math.Min(left, layout._all[file].Length - inFile);
            Current = new FileSpan(file, inFile, offset, taken, layout._all[file].IsPad);
            (offset, left, index) = (offset + taken, left - taken, index + 1);
            return true;
        }
    }
}

/// <summary>A run of bytes inside one file.</summary>
/// <param name="File">Index in the metainfo's list.</param>
/// <param name="Offset">First byte, in the file.</param>
/// <param name="TorrentOffset">First byte, in the concatenation of the files.</param>
/// <param name="Length">Bytes, at least 1.</param>
/// <param name="IsPad">All zeros and never on disk (BEP 47).</param>
internal readonly record struct FileSpan(int File, long Offset, long TorrentOffset, long Length, bool IsPad);
