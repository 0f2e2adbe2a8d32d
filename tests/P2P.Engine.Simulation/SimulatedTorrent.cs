using System.Buffers;
using System.Security.Cryptography;
using P2P.Engine.Bencode;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;

namespace P2P.Engine.Simulation;

/// <summary>A torrent of pseudo-random bytes: the content, its .torrent file and what the engine reads from it.</summary>
internal sealed class SimulatedTorrent
{
    private readonly byte[] _content;
    private readonly byte[]?[] _blocks;

    /// <summary>Makes a torrent and tells the world.</summary>
    /// <param name="world">Where it is shared.</param>
    /// <param name="name">Name of the file, or of the folder when there are several.</param>
    /// <param name="files">Lengths in bytes; one = a single file.</param>
    /// <param name="pieceLength">Bytes per piece.</param>
    /// <param name="isPrivate">BEP 27.</param>
    /// <param name="hasTracker">It names <see cref="SimulatedTracker.Url"/>.</param>
    public SimulatedTorrent(SimulatedWorld world, string name, long[] files, int pieceLength, bool isPrivate = false, bool hasTracker = true)
    {
        _content = new byte[files.Sum()];
        new Random(world.Random.Next()).NextBytes(_content);
        File = Print(name, files, pieceLength, isPrivate, hasTracker);
        Metainfo = MetainfoReader.Read(File);
        _blocks = new byte[]?[Metainfo.Geometry.PieceCount * Metainfo.Geometry.BlocksPerPiece];
        world.Torrents[Metainfo.InfoHash] = this;
    }

    /// <summary>The .torrent file.</summary>
    public byte[] File { get; }

    /// <summary>As the engine reads it.</summary>
    public TorrentMetainfo Metainfo { get; }

    /// <summary>Its name in the network.</summary>
    public InfoHash InfoHash => Metainfo.InfoHash;

    /// <summary>Bytes in all.</summary>
    public long Length => _content.LongLength;

    /// <summary>Number of pieces.</summary>
    public int PieceCount => Metainfo.Geometry.PieceCount;

    /// <summary>The true bytes of a block.</summary>
    public ReadOnlyMemory<byte> Block(BlockRef block) =>
        _content.AsMemory((int)Metainfo.Geometry.OffsetOf(block.Piece) + block.Begin, block.Length);

    /// <summary>The one array that holds the true bytes of a block when <paramref name="bytes"/> are those; null otherwise.</summary>
    public byte[]? Intern(BlockRef block, ReadOnlySpan<byte> bytes)
    {
        var truth = Block(block);
        if (bytes.Length != block.Length || !truth.Span.SequenceEqual(bytes))
        {
            return null;
        }

        return _blocks[IndexOf(block)] ??= truth.ToArray();
    }

    /// <summary>Are these the true bytes of a block? Cheap for arrays of <see cref="Intern"/>.</summary>
    public bool IsTrue(BlockRef block, byte[] bytes) =>
        ReferenceEquals(_blocks[IndexOf(block)], bytes) || Block(block).Span.SequenceEqual(bytes);

    private int IndexOf(BlockRef block) => (block.Piece * Metainfo.Geometry.BlocksPerPiece) + block.Index;

    private byte[] Print(string name, long[] files, int pieceLength, bool isPrivate, bool hasTracker)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (hasTracker)
        {
            writer.WriteKey("announce"u8);
            writer.WriteString(SimulatedTracker.Url);
        }

        writer.WriteKey("info"u8);
        writer.BeginDictionary();
        if (files.Length > 1)
        {
            writer.WriteKey("files"u8);
            writer.BeginList();
            for (var file = 0; file < files.Length; file++)
            {
                writer.BeginDictionary();
                writer.WriteKey("length"u8);
                writer.WriteNumber(files[file]);
                writer.WriteKey("path"u8);
                writer.BeginList();
                writer.WriteString($"file{file:00}");
                writer.End();
                writer.End();
            }

            writer.End();
        }
        else
        {
            writer.WriteKey("length"u8);
            writer.WriteNumber(files[0]);
        }

        writer.WriteKey("name"u8);
        writer.WriteString(name);
        writer.WriteKey("piece length"u8);
        writer.WriteNumber(pieceLength);
        writer.WriteKey("pieces"u8);
        writer.WriteString(Hashes(pieceLength));
        if (isPrivate)
        {
            writer.WriteKey("private"u8);
            writer.WriteNumber(1);
        }

        writer.End();
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private byte[] Hashes(int pieceLength)
    {
        var hashes = new List<byte>();
        for (var at = 0; at < _content.Length; at += pieceLength)
        {
            hashes.AddRange(SHA1.HashData(_content.AsSpan(at, Math.Min(pieceLength, _content.Length - at))));
        }

        return [.. hashes];
    }
}
