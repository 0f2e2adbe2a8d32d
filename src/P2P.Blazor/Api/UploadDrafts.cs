using System.Security.Cryptography;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Uploaded .torrent files that were looked into and wait to be added. In memory, bounded; thread-safe.</summary>
/// <remarks>Keeps the newest <see cref="MaxCount"/> files of together <see cref="MaxBytes"/>, each for <see cref="Lifetime"/>; older ones leave without a word.</remarks>
internal sealed class UploadDrafts(TimeProvider clock)
{
    /// <summary>Most files: as many as the page takes in one drop.</summary>
    public const int MaxCount = 200;

    /// <summary>Most bytes in all: four of the largest allowed files.</summary>
    public const long MaxBytes = 4L * TorrentUpload.MaxFileBytes;

    /// <summary>How long a file waits.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly LinkedList<Draft> _drafts = new(); // oldest first

    /// <summary>Keeps a file and returns its id: 32 hex digits that cannot be guessed. The array must not be changed afterwards.</summary>
    public string Keep(byte[] torrentFile)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        lock (_lock)
        {
            _drafts.AddLast(new Draft(id, torrentFile, clock.GetUtcNow() + Lifetime));
            DropOld();
        }

        return id;
    }

    /// <summary>The kept file; throws "upload.not_found" when it left already or never was.</summary>
    public byte[] Find(string id)
    {
        lock (_lock)
        {
            DropOld();
            return _drafts.FirstOrDefault(draft => draft.Id == id)?.TorrentFile
                ?? throw new TorrentEngineException("upload.not_found", "This upload is not kept any more (15 minutes, the last 200 files); send the file again.");
        }
    }

    /// <summary>Forgets a file, if it is there.</summary>
    public void Forget(string id)
    {
        lock (_lock)
        {
            if (_drafts.FirstOrDefault(draft => draft.Id == id) is { } draft)
            {
                _drafts.Remove(draft);
            }
        }
    }

    private void DropOld()
    {
        var now = clock.GetUtcNow();
        var bytes = _drafts.Sum(draft => (long)draft.TorrentFile.Length);
        while (_drafts.First is { } oldest && (_drafts.Count > MaxCount || bytes > MaxBytes || oldest.Value.Until <= now))
        {
            bytes -= oldest.Value.TorrentFile.Length;
            _drafts.RemoveFirst();
        }
    }

    private sealed record Draft(string Id, byte[] TorrentFile, DateTimeOffset Until);
}
