using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>The list of pieces that may be on disk though no record says so: after a kill only these are hashed again.</summary>
/// <remarks>
/// Thread-safe. A file of 4-byte little-endian piece numbers; an append is one small write into the page cache, which survives the death of
/// the process, and comes before the piece's first byte (R-S02). Duplicates, a torn last entry and numbers out of range do no harm.
/// </remarks>
internal sealed class DirtyJournal(IFileSystem files, string path, int pieceCount) : IDisposable
{
    private const int EntryLength = sizeof(int);
    private const long StillWriting = long.MaxValue;
    private readonly Lock _gate = new();
    private readonly string _root = Path.GetDirectoryName(path) ?? "/";
    private readonly string _name = Path.GetFileName(path);
    private SafeFileHandle? _handle;

    // For every piece in the file: when its write ended, on a clock that ticks once per write; 0 for those of an earlier run.
    private Dictionary<int, long>? _writtenAt;
    private long _clock;
    private long _flushedUpTo = -1;
    private long _end;
    private bool _isTouched;

    /// <summary>Pieces named in the file, without duplicates.</summary>
    public ImmutableArray<int> Read()
    {
        lock (_gate)
        {
            return [.. Load().Keys];
        }
    }

    /// <summary>Names a piece whose payload is about to be written; <see cref="OnWritten"/> must follow.</summary>
    public void Add(int piece)
    {
        lock (_gate)
        {
            var pieces = Load();
            if (!pieces.ContainsKey(piece))
            {
                var bytes = new byte[EntryLength];
                BinaryPrimitives.WriteInt32LittleEndian(bytes, piece);
                files.Write(Open(), [bytes], _end);
                _end += EntryLength;
                _isTouched = true;
            }

            pieces[piece] = StillWriting;
        }
    }

    /// <summary>The piece's write has ended, well or badly.</summary>
    public void OnWritten(int piece)
    {
        lock (_gate)
        {
            Load()[piece] = ++_clock;
        }
    }

    /// <summary>The moment now, to be handed to <see cref="OnPayloadFlushed"/> by a flush that starts now.</summary>
    public long Mark()
    {
        lock (_gate)
        {
            return _clock;
        }
    }

    /// <summary>Makes the file itself durable.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_isTouched)
            {
                files.Flush(Open());
                files.FlushFolder(_root, "");
                _isTouched = false;
            }
        }
    }

    /// <summary>Every write that ended by <paramref name="mark"/> is durable: <see cref="Clear"/> may drop it.</summary>
    public void OnPayloadFlushed(long mark)
    {
        lock (_gate)
        {
            _flushedUpTo = Math.Max(_flushedUpTo, mark);
        }
    }

    /// <summary>Drops every piece whose payload was flushed; one written since stays, for no record can name it yet.</summary>
    /// <remarks>Those that stay are written to the front, then the file is cut: a kill in between leaves too many, never too few.</remarks>
    public void Clear()
    {
        lock (_gate)
        {
            var pieces = Load();
            var staying = pieces.Where(p => p.Value > _flushedUpTo).ToArray();
            if (staying.Length * (long)EntryLength == _end)
            {
                return;
            }

            if (staying.Length > 0)
            {
                var bytes = new byte[staying.Length * EntryLength];
                for (var i = 0; i < staying.Length; i++)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * EntryLength), staying[i].Key);
                }

                // The front may hold pieces that stay; they are appended before anything is overwritten.
                files.Write(Open(), [bytes], _end);
                files.Write(Open(), [bytes], 0);
            }

            _end = (long)staying.Length * EntryLength;
            files.SetLength(Open(), _end);
            (_writtenAt, _isTouched) = (new Dictionary<int, long>(staying), true);
        }
    }

    /// <summary>Deletes the file.</summary>
    public void Delete()
    {
        lock (_gate)
        {
            Dispose();
            files.Delete(_root, _name);
            (_writtenAt, _end, _isTouched) = ([], 0, false);
        }
    }

    /// <summary>Closes the file; the next use opens it again.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _handle?.Dispose();
            _handle = null;
        }
    }

    private SafeFileHandle Open()
    {
        if (_handle is null)
        {
            Directory.CreateDirectory(_root);
            _handle = files.Open(_root, _name, FileUse.Create);
        }

        return _handle;
    }

    private Dictionary<int, long> Load()
    {
        if (_writtenAt is not null)
        {
            return _writtenAt;
        }

        Dictionary<int, long> pieces = [];
        if (files.Look(_root, _name).IsFile)
        {
            using var handle = files.Open(_root, _name, FileUse.Read);
            var bytes = new byte[files.LengthOf(handle)];
            var length = 0;
            for (long read = -1; read != 0 && length < bytes.Length; length += (int)read)
            {
                read = files.Read(handle, [bytes.AsMemory(length)], length);
            }

            _end = length - (length % EntryLength);
            for (var at = 0; at < _end; at += EntryLength)
            {
                var piece = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
                if (piece >= 0 && piece < pieceCount)
                {
                    pieces[piece] = 0;
                }
            }
        }

        return _writtenAt = pieces;
    }
}
