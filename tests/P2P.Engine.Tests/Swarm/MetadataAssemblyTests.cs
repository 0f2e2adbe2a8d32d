using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

/// <summary>An info dictionary from peers of whom any may lie: rows G20 to G29, R-M02, R-M03.</summary>
public sealed class MetadataAssemblyTests
{
    private static readonly byte[] Truth = Make(40_000);
    private readonly MetadataAssembly _assembly = new(new InfoHash(SHA1.HashData(Truth)));

    private enum Kind
    {
        Honest,
        Wrong,
        Silent,
        Refuses,
        WrongSize,
        SilentAtWrongSize,
    }

    [Fact]
    public void OneHonestPeer_IsAskedForEveryPartAndCompletes()
    {
        _assembly.Add(1, Truth.Length);
        Assert.Equal([(1, 0), (1, 1), (1, 2)], _assembly.Next(0));
        Assert.Empty(_assembly.Next(1));
        Assert.Equal(MetadataArrival.Taken, _assembly.OnData(1, 2, Part(Truth, 2), 5, out _));
        Assert.Equal(MetadataArrival.Taken, _assembly.OnData(1, 0, Part(Truth, 0), 5, out _));
        Assert.Equal((16_384 + 40_000 - 32_768, 40_000), (_assembly.Received, _assembly.Size));
        Assert.Equal(MetadataArrival.Complete, _assembly.OnData(1, 1, Part(Truth, 1), 5, out var whole));
        Assert.Equal(Truth, whole);
    }

    [Theory] // G20
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(33_554_433)]
    public void Add_AbsurdSize_IsNotAsked(int size)
    {
        _assembly.Add(1, size);
        Assert.Empty(_assembly.Next(0));
        Assert.Equal(0, _assembly.Offers);
    }

    [Fact] // R-M02: a peer that promises 32 MiB costs nothing until it sends
    public void Add_LargestSize_AllocatesNothingForIt()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _assembly.Add(1, MetadataAssembly.MaxSize);
        _ = _assembly.Next(0);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact] // G22: the only one who gave it lied
    public void SingleLiar_RestsFiveMinutes()
    {
        _assembly.Add(1, Truth.Length);
        Answer(1, Make(Truth.Length, seed: 9), 0);
        Assert.Equal(1, _assembly.Refused);
        Assert.Empty(_assembly.Next(299_999));
        Assert.NotEmpty(_assembly.Next(300_000));
    }

    [Fact] // G24
    public void PartOfWrongLength_IsToldAndThePeerRests()
    {
        _assembly.Add(1, Truth.Length);
        _ = _assembly.Next(0);
        Assert.Equal(MetadataArrival.BadLength, _assembly.OnData(1, 1, new byte[100], 0, out _));
        Assert.Empty(_assembly.Next(1));
    }

    [Fact] // G25
    public void PartNobodyAskedFor_IsUnasked()
    {
        _assembly.Add(1, Truth.Length);
        Assert.Equal(MetadataArrival.Unasked, _assembly.OnData(1, 0, Part(Truth, 0), 0, out _));
        _ = _assembly.Next(0);
        Assert.Equal(MetadataArrival.Unasked, _assembly.OnData(2, 0, Part(Truth, 0), 0, out _));
        Assert.Equal(MetadataArrival.Unasked, _assembly.OnData(1, 99, Part(Truth, 0), 0, out _));
    }

    [Fact] // G29
    public void SilentPeer_IsGivenUpAfterThirtySecondsAndSoonerWhenOthersWait()
    {
        _assembly.Add(1, Truth.Length);
        _ = _assembly.Next(0);
        Assert.Empty(_assembly.Next(29_999));
        _assembly.Add(2, Truth.Length);
        Assert.Contains(_assembly.Next(30_000), asked => asked.Peer == 2);
    }

    [Fact]
    public void Reject_AsksSomebodyElse()
    {
        _assembly.Add(1, Truth.Length);
        _ = _assembly.Next(0);
        _assembly.Add(2, Truth.Length);
        _assembly.OnReject(1, 0, 10);
        Assert.Equal([2, 2, 2], _assembly.Next(10).Select(asked => asked.Peer));
    }

    [Theory] // G21, R-M03: one honest among ten liars of each kind, and of all kinds together, within a minute
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void OneHonestAmongTenLiars_CompletesWithinAMinute(int scenario)
    {
        Kind[] liars = scenario switch
        {
            0 => [.. Enumerable.Repeat(Kind.Wrong, 10)],
            1 => [.. Enumerable.Repeat(Kind.Silent, 10)],
            2 => [.. Enumerable.Repeat(Kind.Refuses, 10)],
            3 => [.. Enumerable.Repeat(Kind.WrongSize, 10)],
            4 => [.. Enumerable.Repeat(Kind.SilentAtWrongSize, 10)],
            _ => [.. Enumerable.Range(0, 10).Select(number => (Kind)(1 + (number % 5)))],
        };
        Kind[] peers = [.. liars, Kind.Honest];
        for (var peer = 0; peer < peers.Length; peer++)
        {
            _assembly.Add(peer, peers[peer] is Kind.WrongSize or Kind.SilentAtWrongSize ? Truth.Length + 1 + peer : Truth.Length);
        }

        for (long now = 0; now <= 60_000; now += 100)
        {
            foreach (var (peer, part) in _assembly.Next(now))
            {
                var content = peers[peer] == Kind.Honest ? Truth : Make(Truth.Length + (peers[peer] == Kind.WrongSize ? 1 + peer : 0), seed: 100 + peer);
                if (peers[peer] == Kind.Refuses)
                {
                    _assembly.OnReject(peer, part, now);
                }
                else if (peers[peer] is Kind.Honest or Kind.Wrong or Kind.WrongSize
                    && _assembly.OnData(peer, part, Part(content, part), now, out _) == MetadataArrival.Complete)
                {
                    return;
                }
            }
        }

        Assert.Fail("It is not complete after 60 s.");
    }

    [Fact] // R-M03: three that answer slowly, but never too slowly, have the three places
    public void OthersWait_SlowSizesEndTheirTurnAndTheNextBegins()
    {
        for (var peer = 1; peer <= 3; peer++)
        {
            _assembly.Add(peer, 10_000_000 + peer);
        }

        Assert.Equal([1, 2, 3], _assembly.Next(0).Select(asked => asked.Peer).Distinct());
        _assembly.Add(4, Truth.Length);

        Assert.DoesNotContain(_assembly.Next(7_000), asked => asked.Peer == 4);
        for (var peer = 1; peer <= 3; peer++)
        {
            Assert.Equal(MetadataArrival.Taken, _assembly.OnData(peer, 0, new byte[MetadataMessage.PartLength], 7_500, out _));
        }

        Assert.Equal([(4, 0), (4, 1), (4, 2)], _assembly.Next(MetadataAssembly.TurnMs).Where(asked => asked.Peer == 4));
    }

    [Fact] // an honest peer on a slow line gets longer turns
    public void OthersWait_TheSecondTurnIsTwiceAsLong()
    {
        for (var peer = 1; peer <= 4; peer++)
        {
            _assembly.Add(peer, 10_000_000 + peer);
        }

        List<(int Peer, long At)> begun = [];
        Dictionary<int, List<int>> open = [];
        for (long now = 0; now < 31_000; now += 500)
        {
            // Everybody answers one part each half second, for ever.
            foreach (var (peer, parts) in open)
            {
                _ = _assembly.OnData(peer, parts[0], new byte[MetadataMessage.PartLength], now, out _);
                parts.RemoveAt(0);
            }

            foreach (var (peer, part) in _assembly.Next(now))
            {
                begun.AddRange(part == 0 ? [(peer, now)] : []);
                open.TryAdd(peer, []);
                open[peer].Add(part);
            }

            open = open.Where(pair => pair.Value.Count > 0).ToDictionary();
        }

        // The first turns end after 10 s, one at a time; the second one of peer 1, from 10.5 s on, ends after 20 s.
        Assert.Equal([(1, 0), (2, 0), (3, 0), (4, 10_000), (1, 10_500), (2, 11_000), (3, 20_000), (4, 30_500)], begun);
    }

    [Fact]
    public void PartOfAPeerWhoseTimeWasOver_IsLateOnceAndThenUnasked()
    {
        _assembly.Add(1, Truth.Length);
        _ = _assembly.Next(0);
        _ = _assembly.Next(MetadataAssembly.PatienceMs);
        Assert.Equal(MetadataArrival.Late, _assembly.OnData(1, 0, Part(Truth, 0), 31_000, out _));
        Assert.Equal(MetadataArrival.Unasked, _assembly.OnData(1, 0, Part(Truth, 0), 31_000, out _));
    }

    private static byte[] Make(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Part(byte[] whole, int part) =>
        whole.AsSpan(part * MetadataMessage.PartLength, Math.Min(MetadataMessage.PartLength, whole.Length - (part * MetadataMessage.PartLength))).ToArray();

    private void Answer(int peer, byte[] content, long now)
    {
        foreach (var (_, part) in _assembly.Next(now))
        {
            _assembly.OnData(peer, part, Part(content, part), now, out _);
        }
    }
}
