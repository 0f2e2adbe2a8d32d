using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;
using P2P.Engine.Session.History;

namespace P2P.Engine.Persistence;

/// <summary>Logs in files of their own, so that the database and what waits for it are spared them. Calls run on the store's thread.</summary>
/// <remarks>
/// Layout: [data]/history/[name]. An append is one write that does not wait for the device. A file with a quarter more frames than are kept, or
/// more than 8 MiB, is replaced by one with the newest. Nothing here makes a caller fail: a fault is logged once, and what it hit is left out.
/// </remarks>
internal sealed class JournalFiles(string dataDirectory, DurableFiles files, ILogger logger, Func<Action, bool> post) : IJournalStore
{
    /// <summary>A file is made smaller when it is larger than this; 2,000 rounds of 20 peers are 1.8 MB.</summary>
    private const int MaxBytes = 8 << 20;

    /// <summary>Then it keeps this much at most.</summary>
    private const int KeptBytes = 4 << 20;

    private readonly string _directory = Path.Combine(dataDirectory, "history");

    // Good frames and bytes of every file appended to in this run.
    private readonly Dictionary<string, (int Frames, long Length)> _open = [];
    private bool _isFailing;

    /// <inheritdoc/>
    public Task AppendAsync(JournalName name, ImmutableArray<byte[]> frames) => Run(() =>
    {
        Append(name, frames);
        return frames.Length;
    });

    /// <inheritdoc/>
    public Task<ImmutableArray<byte[]>> ReadAsync(JournalName name) => Run(() =>
    {
        var frames = Load(name.File, out _);
        return frames.Length > name.Keep ? frames[^name.Keep..] : frames;
    });

    /// <summary>Removes what a cut left half written, and the rounds of torrents that are not here any more. The store's thread, before any call.</summary>
    public void Prepare(IReadOnlyCollection<InfoHash> known) => Try(() =>
    {
        var rubbish = Directory.Exists(_directory) ? Directory.GetFiles(_directory).Where(path => IsRubbish(Path.GetFileName(path), known)).ToArray() : [];
        Array.ForEach(rubbish, File.Delete);
        return rubbish.Length;
    });

    /// <summary>Forgets a torrent's rounds. The store's thread.</summary>
    public void Delete(InfoHash infoHash) => Try(() =>
    {
        var path = Path.Combine(_directory, JournalName.Rounds(infoHash).File);
        if (File.Exists(path))
        {
            File.Delete(path);
        }

        return _open.Remove(Path.GetFileName(path));
    });

    private static bool IsRubbish(string name, IReadOnlyCollection<InfoHash> known)
    {
        var isRounds = name.EndsWith(JournalName.RoundsSuffix, StringComparison.Ordinal);
        var isKnown = isRounds && InfoHash.TryParse(name[..^JournalName.RoundsSuffix.Length], out var infoHash) && known.Contains(infoHash);
        return name.EndsWith(DurableFiles.TemporarySuffix, StringComparison.Ordinal) || (isRounds && !isKnown);
    }

    private void Append(JournalName name, ImmutableArray<byte[]> frames)
    {
        files.CreateDirectory(_directory);
        var path = Path.Combine(_directory, name.File);
        if (!_open.TryGetValue(name.File, out var open))
        {
            open = (Load(name.File, out var valid).Length, valid);
        }

        _open.Remove(name.File); // Not known again until the write below has ended.
        using (var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))
        {
            var length = RandomAccess.GetLength(handle);
            open = length < open.Length ? default : open; // Somebody took the file away.
            if (length != open.Length)
            {
                RandomAccess.SetLength(handle, open.Length); // A torn tail, or not a file of ours.
            }

            var bytes = FrameLog.Encode(frames, withHeader: open.Length == 0);
            RandomAccess.Write(handle, bytes, open.Length);
            open = (open.Frames + frames.Length, open.Length + bytes.Length);
        }

        _open[name.File] = open.Frames > name.Keep + Math.Max(64, name.Keep / 4) || open.Length > MaxBytes ? Compact(name, path) : open;
    }

    private (int Frames, long Length) Compact(JournalName name, string path)
    {
        var frames = Load(name.File, out _);
        var (first, length) = (frames.Length, 0L);
        while (first > 0 && frames.Length - first < name.Keep && length + frames[first - 1].Length + FrameLog.Overhead <= KeptBytes)
        {
            first--;
            length += frames[first].Length + FrameLog.Overhead;
        }

        var bytes = FrameLog.Encode(frames[first..], withHeader: true);
        files.Write(path, bytes);
        return (frames.Length - first, bytes.Length);
    }

    private ImmutableArray<byte[]> Load(string name, out int valid)
    {
        var file = new FileInfo(Path.Combine(_directory, name));
        valid = 0;
        return file.Exists && file.Length <= MaxBytes * 2 ? FrameLog.Read(File.ReadAllBytes(file.FullName), out valid) : [];
    }

    private Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!post(() => done.TrySetResult(Try(work))))
        {
            done.TrySetResult(Empty<T>()); // The store is closed.
        }

        return done.Task;
    }

    private T Try<T>(Func<T> work)
    {
        try
        {
            var result = work();
            _isFailing = false;
            return result;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_isFailing)
            {
                _isFailing = true;
                PersistenceLog.JournalNotKept(logger, exception.Message);
            }

            return Empty<T>();
        }
    }

    private static T Empty<T>() => typeof(T) == typeof(ImmutableArray<byte[]>) ? (T)(object)ImmutableArray<byte[]>.Empty : default!;
}
