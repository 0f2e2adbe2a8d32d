using System.Globalization;
using CsCheck;
using P2P.Blazor.Formatting;
using Xunit;

namespace P2P.Blazor.Tests.Formatting;

/// <summary>Numbers as people read them.</summary>
public sealed class FormattingTests
{
    [Theory]
    [InlineData(-1, "–")]
    [InlineData(0, "0 B")]
    [InlineData(1, "1 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(1536, "1.50 KiB")]
    [InlineData(10_239, "10.0 KiB")]
    [InlineData(102_400, "100 KiB")]
    [InlineData(1_048_575, "1.00 MiB")]
    [InlineData(1_048_576, "1.00 MiB")]
    [InlineData(1_503_238_553, "1.40 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void ByteText_Of_ShowsThreeDigits(long bytes, string expected) => Assert.Equal(expected, ByteText.Of(bytes));

    [Fact]
    public void ByteText_AnyNumber_IsWithinHalfAPercentAndShort() => Gen.Long[0, long.MaxValue].Sample(bytes =>
    {
        var text = ByteText.Of(bytes).Split(' ');
        var unit = Array.IndexOf(["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], text[1]);
        var shown = double.Parse(text[0], CultureInfo.InvariantCulture) * Math.Pow(1024, unit);
        return text[0].Length <= 4 && Math.Abs(shown - bytes) <= bytes * 0.0051;
    });

    [Theory]
    [InlineData(-1, "–", "–", "no limit")]
    [InlineData(0, "0 B/s", "–", "no limit")]
    [InlineData(3_355_443, "3.20 MiB/s", "3.20 MiB/s", "3.20 MiB/s")]
    public void RateText_Of_TellsNothingAndNoLimit(long rate, string of, string orDash, string limit) =>
        Assert.Equal((of, orDash, limit), (RateText.Of(rate), RateText.OrDash(rate), RateText.Limit(rate)));

    [Theory]
    [InlineData(null, "never")]
    [InlineData(-1L, "never")]
    [InlineData(0L, "0 s")]
    [InlineData(59L, "59 s")]
    [InlineData(60L, "1 min 00 s")]
    [InlineData(3599L, "59 min 59 s")]
    [InlineData(3600L, "1 h 00 min")]
    [InlineData(7500L, "2 h 05 min")]
    [InlineData(86_400L, "1 d 0 h")]
    [InlineData(8_640_000L, "100 d 0 h")]
    [InlineData(8_640_001L, "never")]
    [InlineData(long.MaxValue, "never")]
    public void DurationText_Of_HasAtMostTwoUnits(long? seconds, string expected) => Assert.Equal(expected, DurationText.Of(seconds));

    [Theory]
    [InlineData(0, "now")]
    [InlineData(-5, "5 s ago")]
    [InlineData(750, "in 12 min 30 s")]
    [InlineData(-99_999_999, "100 d 0 h ago")]
    public void DurationText_Between_TellsPastAndFuture(int seconds, string expected) =>
        Assert.Equal(expected, DurationText.Between(DateTimeOffset.UnixEpoch.AddSeconds(seconds), DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData(0, "0.00")]
    [InlineData(0.29, "0.29")]
    [InlineData(0.999, "0.99")]
    [InlineData(1.375, "1.37")]
    [InlineData(12.34, "12.3")]
    [InlineData(1234.9, "1234")]
    [InlineData(-1, "–")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.PositiveInfinity, "∞")]
    public void RatioText_Of_IsCutNotRounded(double ratio, string expected) => Assert.Equal(expected, RatioText.Of(ratio));
}
