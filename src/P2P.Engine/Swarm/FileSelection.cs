using System.Collections.Immutable;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Which files are wanted how much, and what that means for pieces. Loop only.</summary>
/// <remarks>Files are counted without pads, as the user sees them; a piece has the highest priority of the files it touches.</remarks>
internal sealed class FileSelection
{
    private readonly TorrentMetainfo _metainfo;
    private readonly int[] _visible;
    private readonly FilePriority[] _priorities;

    public FileSelection(TorrentMetainfo metainfo, ImmutableArray<FilePriority> priorities)
    {
        _metainfo = metainfo;
        _visible = [.. Enumerable.Range(0, metainfo.Files.Length).Where(index => !metainfo.Files[index].IsPad)];
        _priorities = new FilePriority[_visible.Length];
        Array.Fill(_priorities, FilePriority.Normal);
        Set(priorities);
    }

    /// <summary>Priority per visible file.</summary>
    public ImmutableArray<FilePriority> Priorities => [.. _priorities];

    /// <summary>Bytes of the wanted files.</summary>
    public long WantedBytes { get; private set; }

    /// <summary>Takes new priorities; missing ones at the end stay as they are.</summary>
    public void Set(ImmutableArray<FilePriority> priorities)
    {
        for (var i = 0; i < Math.Min(priorities.Length, _priorities.Length); i++)
        {
            _priorities[i] = priorities[i];
        }

        WantedBytes = 0;
        for (var i = 0; i < _visible.Length; i++)
        {
            WantedBytes += _priorities[i] == FilePriority.Skip ? 0 : _metainfo.Files[_visible[i]].Length;
        }
    }

    /// <summary>Wanted or not, per file of the metainfo, pads included (never wanted).</summary>
    public ImmutableArray<bool> WantedFiles()
    {
        var wanted = new bool[_metainfo.Files.Length];
        for (var i = 0; i < _visible.Length; i++)
        {
            wanted[_visible[i]] = _priorities[i] != FilePriority.Skip;
        }

        return [.. wanted];
    }

    /// <summary>Priority of every piece.</summary>
    public FilePriority[] PiecePriorities()
    {
        var pieces = new FilePriority[_metainfo.Geometry.PieceCount];
        for (var i = 0; i < _visible.Length; i++)
        {
            var (first, last) = PiecesOf(_metainfo.Files[_visible[i]]);
            for (var piece = first; piece <= last; piece++)
            {
                pieces[piece] = (FilePriority)Math.Max((int)pieces[piece], (int)_priorities[i]);
            }
        }

        return pieces;
    }

    /// <summary>Pieces of the files that are flagged.</summary>
    public ImmutableArray<int> PiecesOfFiles(Func<int, bool> isFlagged)
    {
        var pieces = new SortedSet<int>();
        for (var index = 0; index < _metainfo.Files.Length; index++)
        {
            if (!_metainfo.Files[index].IsPad && isFlagged(index))
            {
                var (first, last) = PiecesOf(_metainfo.Files[index]);
                pieces.UnionWith(Enumerable.Range(first, Math.Max(0, last - first + 1)));
            }
        }

        return [.. pieces];
    }

    /// <summary>The rows of the Files page.</summary>
    /// <param name="have">Verified pieces.</param>
    /// <param name="availability">Copies of each piece among peers.</param>
    /// <param name="isKnown">Some peer is connected, so availability says something.</param>
    /// <param name="root">Absolute folder of finished files; null while they are partial.</param>
    public ImmutableArray<FileSnapshot> Snapshot(Bitfield have, ReadOnlySpan<byte> availability, bool isKnown, string? root)
    {
        var files = ImmutableArray.CreateBuilder<FileSnapshot>(_visible.Length);
        for (var i = 0; i < _visible.Length; i++)
        {
            var file = _metainfo.Files[_visible[i]];
            var (first, last) = PiecesOf(file);
            files.Add(new FileSnapshot(i, file.Path, file.Length, HaveBytes(file, have), _priorities[i])
            {
                FirstPiece = first,
                LastPiece = Math.Max(first, last),
                Availability = isKnown && last >= first ? Least(availability[first..(last + 1)]) : -1,
                DiskPath = root is null ? null : Path.Combine(root, file.Path),
            });
        }

        return files.MoveToImmutable();
    }

    private static int Least(ReadOnlySpan<byte> copies)
    {
        var least = byte.MaxValue;
        foreach (var count in copies)
        {
            least = Math.Min(least, count);
        }

        return least;
    }

    /// <summary>Where a file lies in the torrent, bytes; null when there is none of this index.</summary>
    public (long Begin, long Length)? PlaceOf(int index) =>
        index < 0 || index >= _visible.Length ? null : (_metainfo.Files[_visible[index]].Offset, _metainfo.Files[_visible[index]].Length);

    private long HaveBytes(MetainfoFile file, Bitfield have)
    {
        long bytes = 0;
        var (first, last) = PiecesOf(file);
        for (var piece = first; piece <= last; piece++)
        {
            if (have[piece])
            {
                var begin = _metainfo.Geometry.OffsetOf(piece);
                bytes += Math.Min(begin + _metainfo.Geometry.LengthOf(piece), file.Offset + file.Length) - Math.Max(begin, file.Offset);
            }
        }

        return bytes;
    }

    private (int First, int Last) PiecesOf(MetainfoFile file) => file.Length == 0
        ? (0, -1)
        : (_metainfo.Geometry.PieceAt(file.Offset), _metainfo.Geometry.PieceAt(file.Offset + file.Length - 1));
}
