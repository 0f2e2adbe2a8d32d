using System.Collections.Immutable;
using System.Security.Cryptography;

namespace P2P.Engine.Storage;

/// <summary>Hashes pieces from disk on all threads and posts PieceChecked for each, then CheckEnded.</summary>
/// <remarks>At most two jobs a thread wait at any time; each takes the next group of neighbouring pieces.</remarks>
internal sealed class PieceChecker
{
    private readonly TorrentStorage _torrent;
    private readonly FileStorage _storage;
    private readonly ImmutableArray<int> _pieces;
    private readonly CancellationToken _cancellation;
    private readonly Lazy<byte[]> _hashOfZeros;
    private readonly Lock _gate = new();
    private int _next;
    private int _running;
    private bool _isEnded;

    public PieceChecker(TorrentStorage torrent, ImmutableArray<int> pieces, CancellationToken cancellation)
    {
        (_torrent, _storage, _pieces, _cancellation) = (torrent, torrent.Storage, pieces, cancellation);
        _hashOfZeros = new Lazy<byte[]>(() => SHA1.HashData(new byte[_storage.Spec.Geometry.PieceLength]));
    }

    private bool IsStopped => _cancellation.IsCancellationRequested || _torrent.IsClosing;

    /// <summary>Submits the first jobs.</summary>
    public void Start()
    {
        for (var i = 0; i < 2 * _torrent.Queue.PieceThreads; i++)
        {
            SubmitNext();
        }

        EndIfDone();
    }

    private void SubmitNext()
    {
        GroupJob? job = null;
        lock (_gate)
        {
            if (_next < _pieces.Length && !IsStopped)
            {
                var (first, key) = (_next, _torrent.KeyOf(_pieces[_next]));
                while (_next < _pieces.Length && _torrent.KeyOf(_pieces[_next]) == key)
                {
                    _next++;
                }

                _running++;
                job = new GroupJob(this, key, first, _next);
            }
        }

        if (job is not null)
        {
            _torrent.Submit(job);
        }
    }

    private void EndIfDone()
    {
        bool wasCancelled;
        lock (_gate)
        {
            wasCancelled = IsStopped;
            if (_isEnded || _running > 0 || (_next < _pieces.Length && !wasCancelled))
            {
                return;
            }

            _isEnded = true;
        }

        _torrent.Post(new DiskCompletion.CheckEnded(wasCancelled));
    }

    private void OnGroupEnded()
    {
        SubmitNext();
        lock (_gate)
        {
            _running--;
        }

        EndIfDone();
    }

    private void CheckOne(int piece, DiskWorker worker)
    {
        var isRight = false;
        var error = _torrent.Try(() => isRight = IsRight(piece, worker));
        if (IsStopped)
        {
            return;
        }

        if (isRight)
        {
            // It may be recorded now, though another process wrote it and perhaps never flushed.
            _storage.Touch(piece);
        }

        _torrent.Post(new DiskCompletion.PieceChecked(piece, isRight) { Error = error });
    }

    private bool IsRight(int piece, DiskWorker worker)
    {
        var expected = _storage.Spec.PieceHashes.Span.Slice(piece * SHA1.HashSizeInBytes, SHA1.HashSizeInBytes);
        var length = _storage.Spec.Geometry.LengthOf(piece);
        switch (_storage.LookAtPiece(piece))
        {
            case PieceOnDisk.Absent:
                return false;
            case PieceOnDisk.Hole when length == _storage.Spec.Geometry.PieceLength && !expected.SequenceEqual(_hashOfZeros.Value):
                return false;
        }

        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        var (start, isWhole) = (_storage.Spec.Geometry.OffsetOf(piece), true);
        try
        {
            for (var at = 0; isWhole && at < length && !IsStopped; at += DiskWorker.ScratchLength)
            {
                var part = worker.Scratch[..Math.Min(DiskWorker.ScratchLength, length - at)];
                worker.Single.Clear();
                worker.Single.Add(part);
                isWhole = _storage.TryRead(start + at, worker.Single, worker);
                if (isWhole)
                {
                    worker.Sha1.AppendData(part.Span);
                }
            }
        }
        finally
        {
            worker.Sha1.GetHashAndReset(hash);
        }

        return isWhole && hash.SequenceEqual(expected);
    }

    /// <summary>One group of neighbouring pieces.</summary>
    private sealed class GroupJob(PieceChecker checker, int key, int first, int end) : DiskJob(DiskLane.Background, DiskOrder.ByKey, key)
    {
        public override void Run(DiskWorker worker)
        {
            for (var i = first; i < end && !checker.IsStopped; i++)
            {
                checker.CheckOne(checker._pieces[i], worker);
            }

            checker.OnGroupEnded();
        }
    }
}
