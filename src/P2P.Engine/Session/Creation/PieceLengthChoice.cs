namespace P2P.Engine.Session.Creation;

/// <summary>How long the pieces of a new torrent are. Pure.</summary>
/// <remarks>
/// About 1,000 to 2,000 pieces: fewer waste more on a bad piece and make rarest-first coarse, more make the .torrent and every bitfield long.
/// From 16 KiB (one block) to 16 MiB; libtorrent 2 chooses the same within a factor of two, and qBittorrent takes libtorrent's choice.
/// </remarks>
internal static class PieceLengthChoice
{
    /// <summary>Shortest: one block.</summary>
    public const int Least = 16 << 10;

    /// <summary>Longest that is chosen by itself.</summary>
    public const int MostChosen = 16 << 20;

    /// <summary>Longest that may be given.</summary>
    public const int Most = 64 << 20;

    /// <summary>The power of two that gives at most 2,000 pieces, within the limits.</summary>
    public static int For(long totalLength)
    {
        var length = Least;
        while (length < MostChosen && totalLength / length > 2_000)
        {
            length *= 2;
        }

        return length;
    }

    /// <summary>May a person give this length?</summary>
    public static bool IsAllowed(int length) => length is >= Least and <= Most && (length & (length - 1)) == 0;
}
