using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Persistence;

/// <summary>The two files of one LiteDB database, opened so that the data file is never touched before the log is on the device.</summary>
/// <remarks>
/// LiteDB 5.0.20 writes a commit's pages to its log from a background task and reports the log as written before it is flushed, so a checkpoint
/// may overwrite the data file while the log that could repair it is still in memory. Here the first write to the data file after a change of
/// the log flushes the log (a write barrier): at every moment one of the two files on the device is whole. The log's own flush asks for nothing,
/// because nothing is called saved before the checkpoint. A log write that fails is kept in <see cref="Fault"/> instead of being thrown, since it
/// would end LiteDB's background task unseen; every later write to the data file then throws.
/// Thread: the store's thread and LiteDB's writer task. Owns both handles.
/// </remarks>
internal sealed class DatabaseFiles : IDisposable
{
    private readonly SafeFileHandle _data;
    private readonly SafeFileHandle _log;
    private readonly DurableFiles _files;
    private volatile bool _isLogDirty;
    private volatile Exception? _fault;

    /// <summary>Opens or makes both files; throws when the operating system refuses.</summary>
    public DatabaseFiles(string path, DurableFiles files)
    {
        _files = files;
        var isNew = !File.Exists(path) || !File.Exists(LogPathOf(path));
        _data = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            _log = File.OpenHandle(LogPathOf(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            if (isNew)
            {
                files.FlushDirectoryOf(path);
            }
        }
        catch
        {
            _data.Dispose();
            _log?.Dispose();
            throw;
        }

        Data = new PageStream(this, isLog: false);
        Log = new PageStream(this, isLog: true);
    }

    /// <summary>The data file, for LiteDB.</summary>
    public Stream Data { get; }

    /// <summary>The log, for LiteDB.</summary>
    public Stream Log { get; }

    /// <summary>The first failed write or flush; null while all went well. Set, nothing more reaches the data file.</summary>
    public Exception? Fault => _fault;

    /// <summary>LiteDB's own name for the log of <paramref name="path"/>.</summary>
    public static string LogPathOf(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path) + "-log" + Path.GetExtension(path));

    /// <summary>Throws the first fault.</summary>
    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new IOException(fault.Message, fault) { HResult = fault.HResult };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _log.Dispose();
    }

    private void WriteData(ReadOnlySpan<byte> bytes, long position)
    {
        ThrowIfFaulted();
        try
        {
            if (_isLogDirty)
            {
                _files.Flush(_log);
                _isLogDirty = false;
            }

            RandomAccess.Write(_data, bytes, position);
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            _fault ??= exception;
            throw;
        }
    }

    private void WriteLog(ReadOnlySpan<byte> bytes, long position)
    {
        if (_fault is not null)
        {
            return;
        }

        try
        {
            _isLogDirty = true;
            RandomAccess.Write(_log, bytes, position);
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            _fault ??= exception;
        }
    }

    private void Guarded(Action step)
    {
        ThrowIfFaulted();
        try
        {
            step();
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            _fault ??= exception;
            throw;
        }
    }

    private static bool IsDiskFault(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>One of the two files as LiteDB wants it: a stream with a position. LiteDB locks it around every seek and transfer.</summary>
    private sealed class PageStream(DatabaseFiles owner, bool isLog) : Stream
    {
        private SafeFileHandle Handle => isLog ? owner._log : owner._data;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => RandomAccess.GetLength(Handle);

        public override long Position { get; set; }

        public override void Flush()
        {
            if (!isLog)
            {
                owner.Guarded(() => owner._files.Flush(Handle));
            }
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = RandomAccess.Read(Handle, buffer.AsSpan(offset, count), Position);
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

        public override void SetLength(long value) => owner.Guarded(() => RandomAccess.SetLength(Handle, value));

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (isLog)
            {
                owner.WriteLog(buffer.AsSpan(offset, count), Position);
            }
            else
            {
                owner.WriteData(buffer.AsSpan(offset, count), Position);
            }

            Position += count;
        }
    }
}
