using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Share limits in words.</summary>
internal static class ShareWords
{
    /// <summary>"ratio 2.00 or 7 d of seeding, then stop", or that there is no limit.</summary>
    public static string Of(ShareLimits limits)
    {
        if (limits.IsUnlimited)
        {
            return Text.T("limits.words-none");
        }

        List<string> parts = [];
        if (limits.MaxRatio is { } ratio)
        {
            parts.Add(Text.T("limits.words-ratio", Show.Ratio(ratio)));
        }

        if (limits.MaxSeedingTime is { } seeding)
        {
            parts.Add(Text.T("limits.words-seeding", Show.Duration((long)seeding.TotalSeconds)));
        }

        if (limits.MaxIdleTime is { } idle)
        {
            parts.Add(Text.T("limits.words-idle", Show.Duration((long)idle.TotalSeconds)));
        }

        return Text.T(limits.Action == ShareLimitAction.Remove ? "limits.words-remove" : "limits.words-stop", string.Join(Text.T("limits.words-or"), parts));
    }
}
