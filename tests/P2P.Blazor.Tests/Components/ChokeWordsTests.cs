using System.Net;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class ChokeWordsTests
{
    private static readonly PeerEndpoint A = new(IPAddress.Parse("192.0.2.1"), 6881);
    private static readonly PeerEndpoint B = new(IPAddress.Parse("192.0.2.2"), 6881);
    private static readonly PeerEndpoint C = new(IPAddress.Parse("192.0.2.3"), 6881);

    public static TheoryData<ChokeReason, SlotKind, bool> Everything
    {
        get
        {
            var all = new TheoryData<ChokeReason, SlotKind, bool>();
            foreach (var reason in Enum.GetValues<ChokeReason>())
            {
                foreach (var slot in Enum.GetValues<SlotKind>())
                {
                    all.Add(reason, slot, true);
                    all.Add(reason, slot, false);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Sentence_EveryReasonAndSlot_IsAWholeSentence(ChokeReason reason, SlotKind slot, bool isSeeding)
    {
        var sentence = ChokeWords.Sentence(Decision(A, slot, reason, rank: 2), isSeeding);

        Assert.EndsWith(".", sentence);
        Assert.True(char.IsUpper(sentence[0]));
        Assert.DoesNotContain(reason.ToString(), sentence);
        Assert.InRange(sentence.Split(' ').Length, 4, 30);
    }

    [Fact]
    public void Sentence_EveryReason_IsToldApart()
    {
        var sentences = Enum.GetValues<ChokeReason>().Select(reason => ChokeWords.Sentence(Decision(A, SlotKind.None, reason, rank: 2), isSeeding: false));

        Assert.Equal(Enum.GetValues<ChokeReason>().Length, sentences.Distinct().Count());
    }

    [Theory]
    [InlineData(ChokeReason.TopRate, 1, "Gives you most of all who want something: 200 KiB/s.")]
    [InlineData(ChokeReason.TopRate, 3, "Rank 3: gives you 200 KiB/s, enough for an earned slot.")]
    [InlineData(ChokeReason.OutRanked, 4, "Rank 4: gives 200 KiB/s, 12 KiB/s below the last earned slot.")]
    public void Sentence_Ranked_NamesTheNumbersItWasDecidedBy(ChokeReason reason, int rank, string expected)
    {
        var decision = Decision(A, SlotKind.None, reason, rank) with { RateUsed = 200 << 10, RateToBeat = 212 << 10 };

        Assert.Equal(expected.Replace("12 KiB", "12.0 KiB", StringComparison.Ordinal).Replace("212.0", "212", StringComparison.Ordinal), ChokeWords.Sentence(decision, isSeeding: false));
    }

    [Fact]
    public void Sentence_OutRankedByATie_ClaimsNoNegativeDistance()
    {
        var decision = Decision(A, SlotKind.None, ChokeReason.OutRanked, rank: 4) with { RateUsed = 500, RateToBeat = 500 };

        Assert.Equal("Rank 4: gives 500 B/s, no more than the last earned slot.", ChokeWords.Sentence(decision, isSeeding: false));
    }

    [Theory]
    [InlineData(0, 0, "Nothing flows yet, either way.")]
    [InlineData(0, 10, "You give, it has not given back yet.")]
    [InlineData(10, 0, "It gives, and has not taken yet.")]
    [InlineData(100, 10, "It gives more than it gets.")]
    [InlineData(10, 100, "It gets more than it gives.")]
    [InlineData(100, 90, "Give and take are about even.")]
    public void Reciprocity_Rates_AreWeighed(long down, long up, string expected)
    {
        var decision = Decision(A, SlotKind.Regular, ChokeReason.TopRate, rank: 1) with { DownloadRate = down, UploadRate = up };

        Assert.Equal(expected, ChokeWords.Reciprocity(decision, isSeeding: false));
    }

    [Fact]
    public void Change_TwoRounds_NamesWhoCameAndWent()
    {
        var round = FakeHistory.Round(2, DateTimeOffset.UnixEpoch) with
        {
            Entries =
            [
                new ChokeJournalEntry { Peer = A, Slot = SlotKind.Regular, Change = ChokeChange.Kept },
                new ChokeJournalEntry { Peer = C, Slot = SlotKind.Regular, Change = ChokeChange.In, RateUsed = 1024 },
                new ChokeJournalEntry { Peer = B, Slot = SlotKind.Optimistic, Change = ChokeChange.Out },
            ],
        };
        var change = ChokeWords.Change(round);

        Assert.Equal("In: 192.0.2.3:6881 (1.00 KiB/s). Out: 192.0.2.2:6881 (0 B/s). Kept: 192.0.2.1:6881. Optimistic: 192.0.2.2:6881.", change.Sentence);
        Assert.Equal("1 in, 1 out", change.Short);
        Assert.Equal("no change", ChokeWords.Change(round with { Entries = [round.Entries[0]] }).Short);
        Assert.Equal("Out: 192.0.2.2:6881 (left).", ChokeWords.Change(round with { Entries = [round.Entries[2] with { HasLeft = true, Slot = SlotKind.None }] }).Sentence);
    }

    [Fact]
    public void Swap_SomebodyGivesMoreThanTheLastEarned_IsForetold()
    {
        var (held, better) = (Decision(A, SlotKind.Regular, ChokeReason.TopRate, 1) with { DownloadRate = 100 }, Decision(B, SlotKind.None, ChokeReason.OutRanked, 2) with { DownloadRate = 200, IsInterested = true });
        Assert.Equal(B, ChokeWords.Swap(new ChokingSnapshot { Decisions = [held, better] })!.Value.In.Peer);
        foreach (var other in new[] { better with { DownloadRate = 100 }, better with { IsInterested = false }, better with { IsSnubbed = true }, better with { IsSeed = true } })
        {
            Assert.Null(ChokeWords.Swap(new ChokingSnapshot { Decisions = [held, other] }));
        }
    }

    private static ChokeDecision Decision(PeerEndpoint peer, SlotKind slot, ChokeReason reason, int rank) =>
        new() { Peer = peer, Slot = slot, Reason = reason, Rank = rank, RateUsed = 1024, RateToBeat = 2048 };
}
