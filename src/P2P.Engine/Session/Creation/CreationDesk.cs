using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Session.Creation;

/// <summary>A torrent that was made, ready to be added without another hash.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="TorrentFile">The .torrent.</param>
/// <param name="InfoHash">Its name.</param>
/// <param name="SaveRoot">Absolute folder that holds the file or folder.</param>
/// <param name="Facts">Length and time of every file, in the torrent's order.</param>
internal sealed record CreationResult(CreateTorrentRequest Request, byte[] TorrentFile, InfoHash InfoHash, string SaveRoot, ImmutableArray<FileFact> Facts);

/// <summary>Makes torrents from files of this machine, and remembers how that goes. Thread-safe.</summary>
/// <remarks>At most <see cref="AtOnce"/> are hashed at a time, others wait their turn: two already keep every core and the disk busy.</remarks>
internal sealed class CreationDesk(TimeProvider clock, ILogger logger, Func<CreationResult, Task> onMade)
{
    /// <summary>Torrents hashed at a time.</summary>
    public const int AtOnce = 2;

    private const int KeptEnded = 20;

    private readonly Lock _lock = new();
    private readonly List<Job> _jobs = [];
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private bool _isStopped;

    /// <summary>Running ones and the last that ended, newest first.</summary>
    public ImmutableArray<TorrentCreationSnapshot> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs.AsEnumerable().Reverse().Select(job => job.Snapshot())];
            }
        }
    }

    /// <summary>Lists what a torrent would hold. Throws <see cref="TorrentEngineException"/>.</summary>
    public Task<CreationPreview> PreviewAsync(CreateTorrentRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckRequest(request);
        return Task.Factory.StartNew(
            () =>
            {
                var listing = SourceListing.Of(request.Path, cancellationToken);
                var pieceLength = PieceLengthOf(request, listing);
                var pieces = (int)((listing.TotalLength + pieceLength - 1) / pieceLength);
                var names = listing.Files.Sum(file => file.Names.Sum(name => name.Length + 4) + 40L);
                return new CreationPreview(listing.Files.Length, listing.TotalLength, pieceLength, pieces, (20L * pieces) + names + 300, listing.Warnings);
            },
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>Begins to make a torrent. Throws <see cref="TorrentEngineException"/> "create.*" for a request that cannot work.</summary>
    public TorrentCreationSnapshot Start(CreateTorrentRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckRequest(request);
        var job = new Job(request);
        lock (_lock)
        {
            if (_isStopped)
            {
                throw new TorrentEngineException("engine.stopping", "The program is stopping; make the torrent after it has started again.");
            }

            _jobs.Add(job);
            for (var ended = _jobs.Count(known => known.HasEnded) - KeptEnded; ended > 0; ended--)
            {
                _jobs.Remove(_jobs.First(known => known.HasEnded));
            }
        }

        job.Task = RunAsync(job);
        return job.Snapshot();
    }

    /// <summary>Gives one up; nothing when it ended already or is unknown.</summary>
    public void Cancel(string id)
    {
        lock (_lock)
        {
            _jobs.Find(job => job.Id == id)?.Stop.Cancel();
        }
    }

    /// <summary>Gives all up.</summary>
    public async Task StopAsync()
    {
        Task[] running;
        lock (_lock)
        {
            _isStopped = true;
            _jobs.ForEach(job => job.Stop.Cancel());
            running = [.. _jobs.Select(job => job.Task)];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private static int PieceLengthOf(CreateTorrentRequest request, SourceListing listing)
    {
        var length = request.PieceLength ?? PieceLengthChoice.For(listing.TotalLength);
        return listing.TotalLength / length < MetainfoLimits.Pieces
            ? length
            : throw new TorrentEngineException("create.piece_length", $"That would make more than {MetainfoLimits.Pieces:N0} pieces; choose longer ones.");
    }

    private static void CheckRequest(CreateTorrentRequest request)
    {
        if (request.PieceLength is { } length && !PieceLengthChoice.IsAllowed(length))
        {
            throw new TorrentEngineException("create.piece_length", string.Create(
                CultureInfo.InvariantCulture, $"A piece length is a power of two from {PieceLengthChoice.Least} to {PieceLengthChoice.Most} bytes."));
        }

        var tier = request.Trackers.IsDefaultOrEmpty ? null : request.Trackers.SelectMany(urls => urls).FirstOrDefault(url => UrlRules.Tracker(url) is null);
        if (tier is not null)
        {
            throw new TorrentEngineException("create.tracker", $"\"{BootstrapText(tier)}\" is no announce URL; one looks like http://host:6969/announce or udp://host:6969/announce.");
        }

        var seed = request.WebSeeds.IsDefaultOrEmpty ? null : request.WebSeeds.FirstOrDefault(url => !Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"));
        if (seed is not null)
        {
            throw new TorrentEngineException("create.web_seed", $"\"{BootstrapText(seed)}\" is no web seed; one is an http or https URL.");
        }

        if (request.Comment?.Length > MetainfoLimits.TextLength || request.Source?.Length > MetainfoLimits.TextLength)
        {
            throw new TorrentEngineException("create.text", $"A comment or source has {MetainfoLimits.TextLength} characters at most.");
        }

        if (request.IsPrivate && request.Trackers.All(urls => urls.IsEmpty))
        {
            throw new TorrentEngineException("create.private", "A private torrent needs a tracker: nobody else may tell its peers of each other.");
        }
    }

    private static string BootstrapText(string text) => text.Length <= 80 ? text : text[..80];

    private async Task RunAsync(Job job)
    {
        try
        {
            await _turns.WaitAsync(job.Stop.Token).ConfigureAwait(false);
            try
            {
                await MakeAsync(job).ConfigureAwait(false);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException)
        {
            job.End(TorrentCreationState.Cancelled, null);
        }
        catch (TorrentEngineException exception)
        {
            job.End(TorrentCreationState.Failed, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            job.End(TorrentCreationState.Failed, new TorrentEngineException("disk.failed", $"A file could not be read: {exception.Message}", exception));
        }
#pragma warning disable CA1031 // The boundary of a job: a bug of ours is told to whoever asked for it, and logged.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Diagnostics.EngineLog.SessionFault(logger, exception);
            job.End(TorrentCreationState.Failed, new TorrentEngineException("engine.fault", "An internal error stopped the making of the torrent; the log has the details.", exception));
        }
    }

    private async Task MakeAsync(Job job)
    {
        var request = job.Request;
        var listing = await Task.Factory.StartNew(
            () => SourceListing.Of(request.Path, job.Stop.Token), job.Stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        var pieceLength = PieceLengthOf(request, listing);
        var hasher = new PieceHasher(listing, pieceLength);
        job.Begin(listing, hasher, pieceLength);
        var hashes = await hasher.HashAsync(job.Stop.Token).ConfigureAwait(false);
        var facts = FactsOf(listing);
        var info = MetainfoBuilder.Info(new InfoContent
        {
            Name = listing.Name,
            PieceLength = pieceLength,
            PieceHashes = hashes,
            Length = listing.IsFolder ? null : listing.TotalLength,
            Files = listing.IsFolder ? [.. listing.Files.Select(file => (file.Names, file.Length))] : [],
            IsPrivate = request.IsPrivate,
            Source = string.IsNullOrWhiteSpace(request.Source) ? null : request.Source,
        });
        var file = MetainfoBuilder.Wrap(info, new MetainfoExtras
        {
            Trackers = request.Trackers.IsDefault ? [] : [.. request.Trackers.Where(tier => !tier.IsEmpty)],
            WebSeeds = request.WebSeeds.IsDefault ? [] : request.WebSeeds,
            Comment = string.IsNullOrWhiteSpace(request.Comment) ? null : request.Comment,
            CreatedBy = $"P2P.Blazor {typeof(CreationDesk).Assembly.GetName().Version?.ToString(3)}",
            CreatedAt = clock.GetUtcNow(),
        });
        var infoHash = MetainfoReader.Read(file).InfoHash;
        await onMade(new CreationResult(request, file, infoHash, listing.Root, facts)).ConfigureAwait(false);
        job.Finish(infoHash);
    }

    private static ImmutableArray<FileFact> FactsOf(SourceListing listing)
    {
        var facts = ImmutableArray.CreateBuilder<FileFact>(listing.Files.Length);
        foreach (var file in listing.Files)
        {
            var now = new FileInfo(file.FullPath);
            if (!now.Exists || now.Length != file.Length || now.LastWriteTimeUtc != file.ModifiedAt)
            {
                throw CreationFaults.Changed(file.FullPath);
            }

            facts.Add(new FileFact(Exists: true, now.Length, now.LastWriteTimeUtc.Ticks));
        }

        return facts.DrainToImmutable();
    }

    private sealed class Job(CreateTorrentRequest request)
    {
        private readonly Lock _lock = new();
        private SourceListing? _listing;
        private PieceHasher? _hasher;
        private int _pieceLength;
        private TorrentCreationState _state = TorrentCreationState.Hashing;
        private TorrentEngineException? _error;
        private InfoHash? _infoHash;

        public string Id { get; } = Guid.NewGuid().ToString("N");

        public CreateTorrentRequest Request => request;

        public CancellationTokenSource Stop { get; } = new();

        public Task Task { get; set; } = Task.CompletedTask;

        public bool HasEnded
        {
            get
            {
                lock (_lock)
                {
                    return _state != TorrentCreationState.Hashing;
                }
            }
        }

        public void Begin(SourceListing listing, PieceHasher hasher, int pieceLength)
        {
            lock (_lock)
            {
                (_listing, _hasher, _pieceLength) = (listing, hasher, pieceLength);
            }
        }

        public void Finish(InfoHash infoHash)
        {
            lock (_lock)
            {
                (_state, _infoHash) = (TorrentCreationState.Done, infoHash);
            }
        }

        public void End(TorrentCreationState state, TorrentEngineException? error)
        {
            lock (_lock)
            {
                (_state, _error) = (state, error);
            }
        }

        public TorrentCreationSnapshot Snapshot()
        {
            lock (_lock)
            {
                return new TorrentCreationSnapshot
                {
                    Id = Id,
                    Path = request.Path,
                    State = _state,
                    HashedBytes = _hasher?.HashedBytes ?? 0,
                    TotalBytes = _listing?.TotalLength ?? 0,
                    Files = _listing?.Files.Length ?? 0,
                    PieceLength = _pieceLength,
                    PieceCount = _hasher?.PieceCount ?? 0,
                    Warnings = _listing?.Warnings ?? [],
                    Error = _error?.Message,
                    ErrorCode = _error?.Code,
                    InfoHash = _infoHash,
                };
            }
        }
    }
}
