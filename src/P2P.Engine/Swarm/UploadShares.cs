using System.Collections.Immutable;

namespace P2P.Engine.Swarm;

/// <summary>What one uploading torrent uses.</summary>
internal readonly record struct UploadDemand(int TorrentId, long UsedRate, bool WantsMore);

/// <summary>What one uploading torrent may use.</summary>
internal readonly record struct UploadShare(int TorrentId, long Share, long Lent);

/// <summary>U = Umax / F.</summary>
internal static class UploadShares
{
    public static ImmutableArray<UploadShare> Compute(long maxUploadRate, ReadOnlySpan<UploadDemand> uploading) => throw new NotImplementedException();
}
