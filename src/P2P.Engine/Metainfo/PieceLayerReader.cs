using System.Buffers.Binary;
using System.Numerics;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>Checks the "piece layers" of a v2 torrent against the roots of its files (BEP 52).</summary>
internal static class PieceLayerReader
{
    /// <summary>The layer of every file, in order: 32 bytes a piece, empty for files of at most one piece.</summary>
    /// <exception cref="MetainfoException">torrent.v2_layers for anything missing, superfluous or false.</exception>
    public static ReadOnlyMemory<byte>[] Read(RawValue layers, List<ListedFile> files, int pieceLength)
    {
        if (layers.IsPresent && layers.Kind != BencodeKind.Dictionary)
        {
            throw Bad(layers.Offset);
        }

        var byRoot = new Dictionary<BigRoot, ReadOnlyMemory<byte>>();
        foreach (var (key, value) in layers.Entries)
        {
            if (key.Length != MerkleTree.HashLength || value.Text is not { } layer)
            {
                throw Bad(value.Offset);
            }

            byRoot.Add(new BigRoot(key), layer);
        }

        var height = BitOperations.Log2((uint)pieceLength / PieceGeometry.BlockLength);
        var verified = new HashSet<BigRoot>();
        var result = new ReadOnlyMemory<byte>[files.Count];
        for (var i = 0; i < result.Length; i++)
        {
            if (files[i].Length <= pieceLength)
            {
                continue;
            }

            var root = files[i].Root!.Value.Span;
            var pieces = ((files[i].Length - 1) / pieceLength) + 1;
            if (!byRoot.TryGetValue(new BigRoot(root), out var layer) || layer.Length != pieces * MerkleTree.HashLength)
            {
                throw Bad(layers.Offset);
            }

            if (verified.Add(new BigRoot(root)) && !MerkleTree.RootOf(layer.Span, height).AsSpan().SequenceEqual(root))
            {
                throw Bad(layers.Offset);
            }

            result[i] = layer;
        }

        return verified.Count == byRoot.Count ? result : throw Bad(layers.Offset);
    }

    private static MetainfoException Bad(int offset) =>
        new("torrent.v2_layers", "The torrent's piece hashes are missing or do not fit its files; ask its author for a corrected one.", offset);

    /// <summary>32 bytes as a dictionary key.</summary>
    private readonly record struct BigRoot
    {
        private readonly UInt128 _high;
        private readonly UInt128 _low;

        public BigRoot(ReadOnlySpan<byte> bytes)
        {
            _high = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            _low = BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]);
        }
    }
}
