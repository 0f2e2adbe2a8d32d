using System.Collections.Immutable;
using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Tests.Session;

/// <summary>When a torrent has given enough, whose limits hold, and which limits and labels can be set.</summary>
public sealed class ShareLimitRuleTests
{
    private static readonly ShareLimits Two = new() { MaxRatio = 2 };

    [Theory]
    [InlineData(1.99, 59, 9, null)]
    [InlineData(2.0, 0, 0, ShareLimitRule.Ratio)]
    [InlineData(0.0, 60, 0, ShareLimitRule.SeedingTime)]
    [InlineData(0.0, 0, 10, ShareLimitRule.IdleTime)]
    [InlineData(3.0, 99, 99, ShareLimitRule.Ratio)]
    public void Reached_EachLimit_IsNamed(double ratio, int seedingMinutes, int idleMinutes, string? expected) => Assert.Equal(expected, ShareLimitRule.Reached(
        new ShareLimits { MaxRatio = 2, MaxSeedingTime = TimeSpan.FromHours(1), MaxIdleTime = TimeSpan.FromMinutes(10) },
        WaivedLimits.None, ratio, TimeSpan.FromMinutes(seedingMinutes), TimeSpan.FromMinutes(idleMinutes)));

    [Theory]
    [InlineData(ShareLimitRule.Ratio, ShareLimitRule.SeedingTime)]
    [InlineData(ShareLimitRule.SeedingTime, ShareLimitRule.Ratio)]
    [InlineData(ShareLimitRule.IdleTime, ShareLimitRule.Ratio)]
    public void Reached_OneLimitOverruled_TheOthersHold(string overruled, string expected) => Assert.Equal(expected, ShareLimitRule.Reached(
        new ShareLimits { MaxRatio = 2, MaxSeedingTime = TimeSpan.FromHours(1) }, ShareLimitRule.WaivedBy(overruled), 3, TimeSpan.FromHours(2), TimeSpan.Zero));

    [Theory]
    [InlineData("a\u202Eb")]
    [InlineData("a\u2028b")]
    [InlineData("\u200Ea")]
    public void Labels_NamesThatLookLikeOthers_AreRefused(string name) =>
        Assert.Contains("printable", Assert.Single(Labels.Mistakes([new TorrentLabel(name)])), StringComparison.Ordinal);

    [Fact]
    public void Reached_NoLimits_IsNever() => Assert.Null(ShareLimitRule.Reached(ShareLimits.None, WaivedLimits.None, 1e9, TimeSpan.MaxValue, TimeSpan.MaxValue));

    [Fact]
    public void InForce_OwnBeforeLabelBeforeSession()
    {
        var options = new TorrentEngineOptions { ShareLimits = Two, Labels = [new("iso") { ShareLimits = new ShareLimits { MaxRatio = 3 } }, new("plain")] };
        Assert.Equal(2, ShareLimitRule.InForce(null, null, options).MaxRatio);
        Assert.Equal(2, ShareLimitRule.InForce(null, "plain", options).MaxRatio);
        Assert.Equal(3, ShareLimitRule.InForce(null, "ISO", options).MaxRatio);
        Assert.True(ShareLimitRule.InForce(ShareLimits.None, "iso", options).IsUnlimited);
    }

    [Theory]
    [InlineData(-0.1, null, "ratio")]
    [InlineData(double.NaN, null, "ratio")]
    [InlineData(10_001.0, null, "ratio")]
    [InlineData(null, 59, "time")]
    [InlineData(1.0, 60, null)]
    public void Mistake_OutOfRange_IsToldInOneSentence(double? ratio, int? seconds, string? word)
    {
        var mistake = new ShareLimits { MaxRatio = ratio, MaxIdleTime = seconds is { } time ? TimeSpan.FromSeconds(time) : null }.Mistake();
        Assert.True(word is null ? mistake is null : mistake!.Contains(word, StringComparison.Ordinal), mistake);
    }

    [Theory]
    [InlineData("", null, "printable")]
    [InlineData(" a", null, "printable")]
    [InlineData("a\nb", null, "printable")]
    [InlineData("a", "relative/path", "absolute")]
    [InlineData("a", "/srv/a", null)]
    public void Labels_EachMistake_IsToldInOneSentence(string name, string? path, string? word)
    {
        var mistakes = SettingsOverlay.Validate(new EngineSettingsPatch { Labels = [new TorrentLabel(name) { SavePath = path }] });
        Assert.True(word is null ? mistakes.IsEmpty : mistakes.Single().Contains(word, StringComparison.Ordinal), string.Join('|', mistakes));
    }

    [Fact]
    public void Labels_SameNameInAnotherCase_IsAMistake() =>
        Assert.Single(SettingsOverlay.Validate(new EngineSettingsPatch { Labels = [new("a"), new("A")] }));

    [Fact]
    public void Labels_KeptAsText_AreReadBack()
    {
        var patch = new EngineSettingsPatch
        {
            Labels = [new TorrentLabel("Iso & Co \"x\"") { SavePath = "/srv/iso", ShareLimits = new ShareLimits { MaxRatio = 1.5, MaxIdleTime = TimeSpan.FromHours(2), Action = ShareLimitAction.Remove } }, new TorrentLabel("häß")],
            ShareLimits = Two,
            MaxActiveDownloads = 0,
            UseAlternativeRates = true,
        };
        var read = SettingsOverlay.Read(SettingsOverlay.Keep(ImmutableDictionary<string, string>.Empty, patch));
        Assert.Equal(patch.Labels, read.Labels!.Value.AsEnumerable());
        Assert.Equal((patch.ShareLimits, 0, true), (read.ShareLimits, read.MaxActiveDownloads, read.UseAlternativeRates));
    }

    [Fact]
    public void Labels_MeddledText_FallsBack() => Assert.Null(
        SettingsOverlay.Read(ImmutableDictionary<string, string>.Empty.Add("Labels", "[{\"name\":1}]").Add("ShareLimits", "{{")).Labels);
}
