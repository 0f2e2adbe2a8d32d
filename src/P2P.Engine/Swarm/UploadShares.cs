using System.Collections.Immutable;

namespace P2P.Engine.Swarm;

/// <summary>One torrent that uploads now.</summary>
/// <param name="TorrentId">Whoever asks finds its torrent by it.</param>
/// <param name="UsedRate">Bytes per second it uploads.</param>
/// <param name="WantsMore">It is held back by its limit: peers would take more.</param>
internal readonly record struct UploadDemand(int TorrentId, long UsedRate, bool WantsMore);

/// <summary>What one torrent may upload: <c>Share + Lent</c> bytes per second.</summary>
/// <param name="TorrentId">The torrent.</param>
/// <param name="Share">U = Umax / F; 0 = no limit.</param>
/// <param name="Lent">Above 0: borrowed on top of U from torrents that do not use theirs. Below 0: lent out to others.</param>
internal readonly record struct UploadShare(int TorrentId, long Share, long Lent);

/// <summary>Divides Umax among the F torrents that upload: U = Umax / F, and what is not used is lent (MISSION row 5).</summary>
/// <remarks>
/// Pure. A torrent that wants no more keeps what it uses and half on top, at least a quarter of U, so that it can grow until the next
/// computation; the rest of its share is divided evenly among those that want more. The sum of <c>Share + Lent</c> never exceeds Umax.
/// One exception: with Umax below F bytes/s each gets 1 byte/s, because 0 says "no limit".
/// </remarks>
internal static class UploadShares
{
    /// <summary>One share per demand, in the same order. <paramref name="maxUploadRate"/> is Umax in bytes per second, 0 = no limit.</summary>
    public static ImmutableArray<UploadShare> Compute(long maxUploadRate, ReadOnlySpan<UploadDemand> uploading)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxUploadRate);
        var share = maxUploadRate == 0 || uploading.IsEmpty ? 0 : Math.Max(1, maxUploadRate / uploading.Length);
        var (spare, takers) = (0L, 0);
        foreach (var demand in uploading)
        {
            spare += demand.WantsMore ? 0 : share - Kept(demand, share);
            takers += demand.WantsMore ? 1 : 0;
        }

        var lentToEach = takers == 0 ? 0 : spare / takers;
        var shares = ImmutableArray.CreateBuilder<UploadShare>(uploading.Length);
        foreach (var demand in uploading)
        {
            var lent = demand.WantsMore ? lentToEach : lentToEach == 0 ? 0 : Kept(demand, share) - share;
            shares.Add(new UploadShare(demand.TorrentId, share, lent));
        }

        return shares.MoveToImmutable();
    }

    private static long Kept(UploadDemand demand, long share)
    {
        var used = Math.Clamp(demand.UsedRate, 0, share);
        return Math.Min(share, Math.Max(used + (used / 2), Math.Max(1, share / 4)));
    }
}
