using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Simulation;

/// <summary>A machine's disk: what the page cache holds, what the device holds, and the faults a test orders. Survives processes.</summary>
internal sealed class SimulatedVolume(SimulatedWorld world)
{
    private readonly Dictionary<InfoHash, Platter> _platters = [];
    private long _busyUntil;

    /// <summary>Time one job takes besides its bytes.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(0.2);

    /// <summary>Bytes per second, both ways.</summary>
    public long Rate { get; set; } = 200_000_000;

    /// <summary>Bytes that may be held in all; writes beyond fail with disk.full.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Every write fails with disk.io.</summary>
    public bool FailsWrites { get; set; }

    /// <summary>Every flush fails with disk.io, and what it should have made durable is gone (fsyncgate).</summary>
    public bool FailsFlushes { get; set; }

    /// <summary>Every read fails with disk.io.</summary>
    public bool FailsReads { get; set; }

    /// <summary>Bytes held now.</summary>
    public long UsedBytes => _platters.Values.Sum(static platter => platter.UsedBytes);

    /// <summary>Bytes read from it and written to it, for the tests that count.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>What it holds of a torrent; empty when it never saw it.</summary>
    public Platter Of(SimulatedTorrent torrent) => Of(torrent.Metainfo.InfoHash, torrent.Metainfo.Geometry, torrent.Metainfo.Files.Length);

    /// <summary>What it holds of a torrent, made when new.</summary>
    public Platter Of(InfoHash infoHash, PieceGeometry geometry, int fileCount)
    {
        if (!_platters.TryGetValue(infoHash, out var platter))
        {
            _platters[infoHash] = platter = new Platter(geometry, fileCount) { Content = world.Torrents.GetValueOrDefault(infoHash) };
        }

        return platter;
    }

    /// <summary>Forgets a torrent's files.</summary>
    public void Delete(InfoHash infoHash) => _platters.Remove(infoHash);

    /// <summary>Puts the complete torrent there, durable, in the shared folder: a seed's disk.</summary>
    public void PutComplete(SimulatedTorrent torrent)
    {
        var platter = Of(torrent);
        for (var piece = 0; piece < platter.Geometry.PieceCount; piece++)
        {
            for (var block = 0; block < platter.Geometry.BlockCountOf(piece); block++)
            {
                platter.Write(piece, block, torrent.Block(platter.Geometry.BlockAt(piece, block)).Span);
            }
        }

        for (var file = 0; file < torrent.Metainfo.Files.Length; file++)
        {
            platter.TouchFile(file, SimulatedWorld.Epoch.UtcTicks);
        }

        platter.Root = Platter.AnyRoot;
        platter.Flush();
    }

    /// <summary>The machine lost power: whatever was not flushed is gone.</summary>
    public void LosePower()
    {
        foreach (var platter in _platters.Values)
        {
            platter.DropCache();
        }
    }

    /// <summary>When a job that is submitted now will be done: jobs of one machine run one after the other.</summary>
    public TimeSpan Reserve(long bytes)
    {
        _busyUntil = Math.Max(_busyUntil, world.Now) + Latency.Ticks + (bytes * TimeSpan.TicksPerSecond / Rate);
        return TimeSpan.FromTicks(_busyUntil - world.Now);
    }
}

/// <summary>One torrent's bytes on a volume, by block: the page cache and, behind it, the device.</summary>
internal sealed class Platter
{
    /// <summary>In place of a root: the shared folder of whoever opens it first.</summary>
    public const string AnyRoot = "";

    private readonly byte[]?[] _cache;
    private readonly byte[]?[] _device;
    private readonly FileFact[] _files;
    private readonly FileFact[] _filesOnDevice;
    private readonly SortedSet<int> _journal = [];
    private readonly HashSet<int> _rotten = [];
    private int[] _journalOnDevice = [];

    /// <summary>Nothing there yet.</summary>
    public Platter(PieceGeometry geometry, int fileCount)
    {
        Geometry = geometry;
        _cache = new byte[]?[geometry.PieceCount * geometry.BlocksPerPiece];
        _device = new byte[]?[_cache.Length];
        _files = new FileFact[fileCount];
        _filesOnDevice = new FileFact[fileCount];
    }

    /// <summary>Pieces and blocks.</summary>
    public PieceGeometry Geometry { get; }

    /// <summary>The true bytes, when known: equal blocks are kept once for all machines.</summary>
    public SimulatedTorrent? Content { get; init; }

    /// <summary>Where the finished files are (a rename is durable at once); null while they are where partial files are.</summary>
    public string? Root { get; set; }

    /// <summary>Pieces named in the dirty journal.</summary>
    public SortedSet<int> Journal => _journal;

    /// <summary>Files as they look now.</summary>
    public FileFact[] Files => _files;

    /// <summary>Bytes held.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Puts a block into the page cache.</summary>
    public void Write(int piece, int block, ReadOnlySpan<byte> bytes)
    {
        ref var place = ref _cache[Index(piece, block)];
        UsedBytes += bytes.Length - (place?.Length ?? 0);
        _rotten.Remove(Index(piece, block));
        place = Content?.Intern(Geometry.BlockAt(piece, block), bytes) ?? bytes.ToArray();
    }

    /// <summary>The block's bytes, or null for a hole.</summary>
    public byte[]? Read(int piece, int block) => _cache[Index(piece, block)];

    /// <summary>A write touched this file: it exists, with this time.</summary>
    public void TouchFile(int file, long utcTicks)
    {
        var length = Content?.Metainfo.Files[file].Length ?? 0;
        _files[file] = new FileFact(true, length, utcTicks);
    }

    /// <summary>All in the page cache is now on the device.</summary>
    public void Flush()
    {
        _cache.CopyTo(_device, 0);
        _files.CopyTo(_filesOnDevice, 0);
        _journalOnDevice = [.. _journal];
    }

    /// <summary>What the device does not hold is gone: a power cut, or a cache dropped after a failed flush.</summary>
    public void DropCache()
    {
        DropPages();
        _filesOnDevice.CopyTo(_files, 0);
        _journal.Clear();
        _journal.UnionWith(_journalOnDevice);
    }

    /// <summary>The payload the device does not hold is gone; names and journal stay.</summary>
    public void DropPages()
    {
        _device.CopyTo(_cache, 0);
        UsedBytes = _cache.Sum(static block => block?.LongLength ?? 0);
    }

    /// <summary>Turns one bit of a block, on the device too, behind everybody's back (the file's time stays).</summary>
    public void Corrupt(int piece, int block)
    {
        var index = Index(piece, block);
        if (_cache[index] is { } bytes)
        {
            var bad = (byte[])bytes.Clone();
            bad[bad.Length / 2] ^= 0x40;
            _cache[index] = bad;
            _device[index] = bad;
            _rotten.Add(index);
        }
    }

    /// <summary>Does the device hold the right bytes of a piece, whatever the cache says? What <see cref="Corrupt"/> spoiled counts as held.</summary>
    public bool IsDurable(int piece)
    {
        for (var block = 0; block < Geometry.BlockCountOf(piece); block++)
        {
            if (_rotten.Contains(Index(piece, block)))
            {
                continue;
            }

            if (_device[Index(piece, block)] is not { } bytes || !Content!.IsTrue(Geometry.BlockAt(piece, block), bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Does the cache hold the right bytes of a piece?</summary>
    public bool Holds(int piece)
    {
        for (var block = 0; block < Geometry.BlockCountOf(piece); block++)
        {
            if (Read(piece, block) is not { } bytes || !Content!.IsTrue(Geometry.BlockAt(piece, block), bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Does the cache hold the right bytes of every piece?</summary>
    public bool IsComplete() => Enumerable.Range(0, Geometry.PieceCount).All(Holds);

    private int Index(int piece, int block) => (piece * Geometry.BlocksPerPiece) + block;
}
