using System.Collections.Immutable;
using System.Net;
using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Session.History;
using Xunit;

namespace P2P.Engine.Tests.Session.History;

/// <summary>Rounds as frames: a fixed vector, every round back as it was, and no bytes that make reading throw.</summary>
public sealed class ChokeRoundCodecTests
{
    private static Gen<PeerEndpoint> Endpoints { get; } =
        from bytes in Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16])
        from port in Gen.UShort
        select new PeerEndpoint(new IPAddress(bytes), port);

    private static Gen<ChokeJournalEntry> Entries { get; } =
        from peer in Endpoints
        from client in Gen.String[Gen.Char['a', 'z'], 0, 32]
        from slot in Gen.Enum<SlotKind>()
        from reason in Gen.Enum<ChokeReason>()
        from change in Gen.Enum<ChokeChange>()
        from hasLeft in Gen.Bool
        from n in Gen.Int[0, int.MaxValue].Array[2]
        from rates in Gen.Long[0, long.MaxValue].Array[5]
        select new ChokeJournalEntry
        {
            Peer = peer,
            Client = client,
            Slot = slot,
            Reason = reason,
            Change = change,
            HasLeft = hasLeft,
            Rank = n[0],
            DrawnAmong = n[1],
            RateUsed = rates[0],
            DownloadRate = rates[1],
            UploadRate = rates[2],
            DownloadedInSlot = rates[3],
            UploadedInSlot = rates[4],
        };

    private static Gen<ChokeJournalRound> Rounds { get; } =
        from number in Gen.Long[0, long.MaxValue]
        from at in Gen.Long[0, 253_402_300_799_999]
        from flags in Gen.Bool.Array[3]
        from n in Gen.Int[0, int.MaxValue].Array[5]
        from cut in Gen.Long[0, long.MaxValue]
        from entries in Entries.Array[0, ChokeRoundCodec.MaxEntries]
        select new ChokeJournalRound
        {
            Round = number,
            At = DateTimeOffset.FromUnixTimeMilliseconds(at),
            IsSeeding = flags[0],
            IsStrict = flags[1],
            IsFirstOfRun = flags[2],
            RegularSlots = n[0],
            OptimisticSlots = n[1],
            Interval = TimeSpan.FromMilliseconds(n[2]),
            Peers = n[3],
            Interested = n[4],
            CutRate = cut,
            Entries = [.. entries],
        };

    [Fact]
    public void Write_KnownRound_IsThisVector() => Assert.Equal(
        "01940180D0EAB6B733070301B0EA01D08603070501" + "2500C00002071AE10371427401D08603D0860364B0EA010A00",
        Convert.ToHexString(ChokeRoundCodec.Write(Vector())));

    [Fact]
    public void TryRead_AnyRound_IsAsWritten() => Rounds.Sample(round =>
    {
        Assert.True(ChokeRoundCodec.TryRead(ChokeRoundCodec.Write(round), out var read));
        Assert.Equal(round with { Entries = [] }, read with { Entries = [] });
        Assert.Equal(round.Entries, read.Entries);
    });

    [Fact]
    public void TryRead_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        ChokeRoundCodec.TryRead(bytes, out _);
        ChokeRoundCodec.TryRead([1, .. bytes], out _);
    });

    [Fact]
    public void TryRead_DamagedRound_IsRefusedOrAnother() => Gen.Select(Rounds, Gen.Int[0, 10_000], Gen.Byte[1, 255]).Sample((round, place, flip) =>
    {
        var frame = ChokeRoundCodec.Write(round);
        frame[place % frame.Length] ^= flip;
        ChokeRoundCodec.TryRead(frame, out _);
        Assert.False(ChokeRoundCodec.TryRead(ChokeRoundCodec.Write(round)[..^1], out _));
        Assert.False(ChokeRoundCodec.TryRead([.. ChokeRoundCodec.Write(round), 0], out _));
    });

    [Fact]
    public void Write_TooManyEntriesAndLongNames_AreCutToTheLimits()
    {
        var round = Vector() with { Entries = [.. Enumerable.Repeat(Vector().Entries[0] with { Client = "ab" + string.Concat(Enumerable.Repeat("😀", 20)) }, 40)] };

        Assert.True(ChokeRoundCodec.TryRead(ChokeRoundCodec.Write(round), out var read));
        Assert.Equal(ChokeRoundCodec.MaxEntries, read.Entries.Length);
        Assert.All(read.Entries, entry => Assert.Equal("ab😀😀😀😀😀😀😀", entry.Client));
    }

    [Fact]
    public void Write_LargestRound_FitsIntoAFrame()
    {
        var entry = Vector().Entries[0] with
        {
            Peer = new PeerEndpoint(IPAddress.Parse("2001:db8::1"), 1),
            Client = new string('x', 32),
            RateUsed = long.MaxValue,
            DownloadRate = long.MaxValue,
            UploadRate = long.MaxValue,
            DownloadedInSlot = long.MaxValue,
            UploadedInSlot = long.MaxValue,
        };
        var frame = ChokeRoundCodec.Write(Vector() with { Entries = [.. Enumerable.Repeat(entry, ChokeRoundCodec.MaxEntries)] });

        Assert.InRange(frame.Length, 1, JournalName.MaxFrame);
        Assert.InRange(frame.Length * 2_000L, 1, 8 << 20); // What a torrent's rounds can cost at the very most.
    }

    private static ChokeJournalRound Vector() => new()
    {
        Round = 148,
        At = DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_000),
        IsSeeding = true,
        IsStrict = true,
        IsFirstOfRun = true,
        RegularSlots = 3,
        OptimisticSlots = 1,
        Interval = TimeSpan.FromSeconds(30),
        CutRate = 50_000,
        Peers = 7,
        Interested = 5,
        Entries =
        [
            new ChokeJournalEntry
            {
                Peer = new PeerEndpoint(IPAddress.Parse("192.0.2.7"), 6881),
                Client = "qBt",
                Slot = SlotKind.Regular,
                Reason = ChokeReason.TopRate,
                Change = ChokeChange.Kept,
                Rank = 1,
                RateUsed = 50_000,
                DownloadRate = 50_000,
                UploadRate = 100,
                DownloadedInSlot = 30_000,
                UploadedInSlot = 10,
            },
        ],
    };
}
