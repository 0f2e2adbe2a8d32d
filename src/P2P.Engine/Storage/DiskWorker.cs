using System.Security.Cryptography;

namespace P2P.Engine.Storage;

/// <summary>What one disk thread keeps for itself: a read buffer, a hash, and lists for gathered reads and writes.</summary>
internal sealed class DiskWorker : IDisposable
{
    /// <summary>4 MiB: large enough to run a disk at full speed, small enough to stay in a core's cache share while hashing.</summary>
    public const int ScratchLength = 4 * 1024 * 1024;

    private byte[]? _scratch;

    /// <summary>SHA-1 of the piece at hand; always reset after use.</summary>
    public IncrementalHash Sha1 { get; } = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    /// <summary>Buffers of one read.</summary>
    public List<Memory<byte>> Reads { get; } = [];

    /// <summary>Buffers of one write.</summary>
    public List<ReadOnlyMemory<byte>> Writes { get; } = [];

    /// <summary>One buffer, as the list a read wants.</summary>
    public List<Memory<byte>> Single { get; } = [];

    /// <summary><see cref="ScratchLength"/> bytes, pinned, made at first use.</summary>
    public Memory<byte> Scratch => _scratch ??= GC.AllocateUninitializedArray<byte>(ScratchLength, pinned: true);

    /// <inheritdoc/>
    public void Dispose() => Sha1.Dispose();
}
