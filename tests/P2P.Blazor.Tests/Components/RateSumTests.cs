using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using CsCheck;
using P2P.Blazor.Components.Words;
using P2P.Engine;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class RateSumTests
{
    [Fact]
    public void Left_AnyTerms_AddsUpExactlyToRight() =>
        Gen.Long[0, 5L << 30].Array[0, 60].Sample(rates =>
        {
            var sum = RateSum.Of([.. rates.Select((rate, i) => new RateTerm(new PeerEndpoint(IPAddress.Loopback, 1 + i), rate))]);
            var printed = Regex.Replace(sum.Left, @"\(.*\)", "").Split('+').Sum(Number);
            return printed == Number(sum.Right);
        });

    [Fact]
    public void Left_ManyTerms_NamesFourAndCountsTheRest()
    {
        var sum = RateSum.Of([.. new long[] { 612, 440, 388, 351, 212, 190, 117 }.Select((rate, i) => new RateTerm(new PeerEndpoint(IPAddress.Loopback, 1 + i), rate << 10))]);

        Assert.Equal("612 + 440 + 388 + 351 + 519 (3 more)", sum.Left);
        Assert.Equal("2,310\u00A0KiB/s", sum.Right);
    }

    [Fact]
    public void Left_NoTerms_IsZero() => Assert.Equal("0", RateSum.Of([]).Left);

    private static long Number(string text) => long.Parse(Regex.Match(text.Replace(",", "", StringComparison.Ordinal), @"\d+").Value, CultureInfo.InvariantCulture);
}
