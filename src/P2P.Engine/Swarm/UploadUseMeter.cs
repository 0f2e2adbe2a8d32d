namespace P2P.Engine.Swarm;

/// <summary>Says whether a torrent uses what it was granted of the upload rate. Loop only.</summary>
/// <remarks>
/// Who uses nearly all of its grant is held back by it and wants more; single refusals say nothing, because a block is worth many ticks of a
/// small grant. Who began only now has not shown what it can use yet and keeps its whole share.
/// </remarks>
internal sealed class UploadUseMeter
{
    /// <summary>20 s: the window of the rate that is compared.</summary>
    private const long WarmUpMs = 20_000;

    /// <summary>85 %: a lender keeps half as much again as it used, so a steady one shows two thirds.</summary>
    private const int HeldBackPercent = 85;

    private long? _uploadingSince;

    /// <summary>Takes the measure of one beat; <paramref name="granted"/> is share and lent part, bytes per second, 0 = no limit.</summary>
    public UploadUse Measure(TorrentCore core, long granted, long nowMs)
    {
        var isUploading = core.Peers.Values.Any(peer => !peer.AmChoking && peer.IsInterested);
        _uploadingSince = isUploading ? _uploadingSince ?? nowMs : null;
        var used = core.Sent.BytesPerSecond(nowMs);
        var isNew = nowMs - (_uploadingSince ?? nowMs) < WarmUpMs;
        return new UploadUse(isUploading, used, WantsMore: isNew || used * 100 >= granted * HeldBackPercent);
    }
}
