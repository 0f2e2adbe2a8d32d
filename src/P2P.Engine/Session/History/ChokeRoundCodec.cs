using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using P2P.Engine.Primitives;

namespace P2P.Engine.Session.History;

/// <summary>A round of the choke journal as a frame and back. Pure; reading never throws.</summary>
/// <remarks>
/// Shape: version 1, number, moment, flags (1 seeding, 2 strict, 4 first of run), regular and optimistic slots, interval in ms, cut rate, peers,
/// interested, count of entries, then each: flags (slot 0..2, change &lt;&lt; 2, left 16, IPv4 32), reason, compact endpoint, client, rank, rates
/// used, in, out, bytes in slot down, up, drawn among. Numbers as in <see cref="FieldWriter"/>. A typical entry has 45 bytes, a round 250.
/// </remarks>
internal static class ChokeRoundCodec
{
    /// <summary>More than there are slots to show; the journal's own limit.</summary>
    public const int MaxEntries = 32;

    private const int Version = 1;
    private const int MaxClient = 32;

    /// <summary>The frame; entries over the limit are left out.</summary>
    public static byte[] Write(ChokeJournalRound round)
    {
        var frame = new FieldWriter().Byte(Version)
            .Number(round.Round).Number(round.At.ToUnixTimeMilliseconds())
            .Byte((round.IsSeeding ? 1 : 0) | (round.IsStrict ? 2 : 0) | (round.IsFirstOfRun ? 4 : 0))
            .Number(round.RegularSlots).Number(round.OptimisticSlots).Number((long)round.Interval.TotalMilliseconds).Number(round.CutRate)
            .Number(round.Peers).Number(round.Interested);
        var entries = round.Entries.IsDefault ? [] : round.Entries.AsSpan()[..Math.Min(MaxEntries, round.Entries.Length)];
        frame.Number(entries.Length);
        Span<byte> compact = stackalloc byte[18];
        foreach (var entry in entries)
        {
            var length = entry.Peer.WriteCompact(compact);
            frame.Byte((int)entry.Slot | ((int)entry.Change << 2) | (entry.HasLeft ? 16 : 0) | (entry.Peer.IsIPv4 ? 32 : 0)).Byte((int)entry.Reason)
                .Raw(compact[..length]).Text(entry.Client, MaxClient).Number(entry.Rank).Number(entry.RateUsed)
                .Number(entry.DownloadRate).Number(entry.UploadRate).Number(entry.DownloadedInSlot).Number(entry.UploadedInSlot).Number(entry.DrawnAmong);
        }

        return frame.ToArray();
    }

    /// <summary>False when the frame is not a round of a version we know.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, [NotNullWhen(true)] out ChokeJournalRound? round)
    {
        round = null;
        var fields = new FieldReader(frame);
        if (fields.Byte() != Version)
        {
            return false;
        }

        var (number, at, flags) = (fields.Number(), fields.Moment(), fields.Byte(max: 7));
        var read = new ChokeJournalRound
        {
            Round = number,
            At = at,
            IsSeeding = (flags & 1) != 0,
            IsStrict = (flags & 2) != 0,
            IsFirstOfRun = (flags & 4) != 0,
            RegularSlots = (int)fields.Number(int.MaxValue),
            OptimisticSlots = (int)fields.Number(int.MaxValue),
            Interval = TimeSpan.FromMilliseconds(fields.Number(int.MaxValue)),
            CutRate = fields.Number(),
            Peers = (int)fields.Number(int.MaxValue),
            Interested = (int)fields.Number(int.MaxValue),
        };
        var count = (int)fields.Number(MaxEntries);
        var entries = ImmutableArray.CreateBuilder<ChokeJournalEntry>(count);
        for (var i = 0; i < count && fields.IsGood; i++)
        {
            entries.Add(ReadEntry(ref fields));
        }

        round = fields.IsAtEnd ? read with { Entries = entries.DrainToImmutable() } : null;
        return round is not null;
    }

    private static ChokeJournalEntry ReadEntry(ref FieldReader fields)
    {
        var (flags, reason) = (fields.Byte(max: 63), fields.Enum<ChokeReason>());
        if ((flags & 3) == 3)
        {
            fields.Refuse();
        }

        var compact = fields.Raw((flags & 32) != 0 ? 6 : 18);
        return new ChokeJournalEntry
        {
            Peer = compact.IsEmpty ? default : PeerEndpoint.FromCompact(compact),
            Slot = (SlotKind)(flags & 3),
            Change = (ChokeChange)((flags >> 2) & 3),
            HasLeft = (flags & 16) != 0,
            Reason = reason,
            Client = fields.Text(MaxClient),
            Rank = (int)fields.Number(int.MaxValue),
            RateUsed = fields.Number(),
            DownloadRate = fields.Number(),
            UploadRate = fields.Number(),
            DownloadedInSlot = fields.Number(),
            UploadedInSlot = fields.Number(),
            DrawnAmong = (int)fields.Number(int.MaxValue),
        };
    }
}
