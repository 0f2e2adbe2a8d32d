namespace P2P.Engine.Metainfo;

/// <summary>Proves that both halves of a hybrid torrent describe the same files, and ties them together (BEP 52, "Upgrade path").</summary>
internal static class HybridCheck
{
    /// <summary>Gives the v1 files (in place) their v2 roots, and returns the layers by v1 position.</summary>
    /// <exception cref="MetainfoException">torrent.hybrid_mismatch when names, order, sizes, or the alignment by pads differ.</exception>
    public static ReadOnlyMemory<byte>[] Combine(ListedFile[] files, List<ListedFile> tree, ReadOnlyMemory<byte>[] layers, int pieceLength)
    {
        var combined = new ReadOnlyMemory<byte>[files.Length];
        var at = 0;
        long offset = 0;
        long pieces = 0;
        for (var i = 0; i < files.Length; i++)
        {
            var (path, length, _) = files[i];
            if (path is not null)
            {
                if (at == tree.Count || tree[at].Path != path || tree[at].Length != length || (length > 0 && offset % pieceLength != 0))
                {
                    throw Mismatch();
                }

                files[i] = tree[at];
                combined[i] = layers[at];
                pieces += length == 0 ? 0 : ((length - 1) / pieceLength) + 1;
                at++;
            }

            offset += length;
        }

        return at == tree.Count && pieces == ((offset - 1) / pieceLength) + 1 ? combined : throw Mismatch();
    }

    private static MetainfoException Mismatch() =>
        new("torrent.hybrid_mismatch", "The two halves of this torrent describe different files; ask its author for a corrected one.");
}
