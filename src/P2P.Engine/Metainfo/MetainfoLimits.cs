namespace P2P.Engine.Metainfo;

/// <summary>How large a torrent may claim to be. The figures are those of the field, rounded up; tests hold each of them.</summary>
internal static class MetainfoLimits
{
    /// <summary>Bytes of a .torrent file: 64 MiB holds the hashes of the most pieces and a long file list.</summary>
    public const int FileBytes = 64 * 1024 * 1024;

    /// <summary>Pieces: 2^21, as in libtorrent, so that a bitfield is at most 256 KiB.</summary>
    public const int Pieces = 2_097_152;

    /// <summary>Piece length of a v1 torrent in bytes: 32,767 blocks of 16 KiB, as in libtorrent.</summary>
    public const int PieceLength = 536_854_528;

    /// <summary>Piece length of a v2 torrent in bytes: 256 MiB.</summary>
    public const int PieceLengthV2 = 268_435_456;

    /// <summary>All files together in bytes: 1 PiB.</summary>
    public const long TotalLength = 1L << 50;

    /// <summary>Files, pads included.</summary>
    public const int Files = 500_000;

    /// <summary>Files without content: each costs an inode and proves nothing.</summary>
    public const int EmptyFiles = 100_000;

    /// <summary>Files of the same name, the first included, before the torrent is refused as nonsense.</summary>
    public const int SameNames = 500;

    /// <summary>Names below the torrent's folder in one path.</summary>
    public const int PathDepth = 100;

    /// <summary>Bytes of one name, the limit of common file systems.</summary>
    public const int NameBytes = 255;

    /// <summary>Bytes of a whole path: PATH_MAX without its terminator.</summary>
    public const int PathBytes = 4_095;

    /// <summary>Announce URLs.</summary>
    public const int Trackers = 1_000;

    /// <summary>Web seed URLs.</summary>
    public const int WebSeeds = 100;

    /// <summary>Bytes of one URL.</summary>
    public const int UrlBytes = 2_048;

    /// <summary>Characters of a comment or a program's name.</summary>
    public const int TextLength = 4_096;
}
