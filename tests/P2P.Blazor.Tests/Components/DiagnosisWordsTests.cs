using System.Globalization;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Localization;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class DiagnosisWordsTests
{
    [Fact]
    public void Sentence_English_IsTheEngines() =>
        Assert.Equal("Stalled: 1 peer connected.", DiagnosisWords.Sentence(new Diagnosis(DiagnosisCode.Stalled, [new("peers", DiagnosisArgumentKind.Number, 1)], "Stalled: 1 peer connected.", DiagnosisRemedy.None)));

    [Fact]
    public void Sentence_German_IsMadeFromCodeAndValues()
    {
        var before = CultureInfo.CurrentUICulture;
        var german = PageCulture.Choose("de", null);
        try
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (german, german);
            Assert.Equal("An deiner Grenze von 1,50 MiB/s; 2 von 1.204 Peers gäben mehr.", DiagnosisWords.Sentence(new Diagnosis(
                DiagnosisCode.RateLimited,
                [new("limit", DiagnosisArgumentKind.Rate, 3 << 19), new("giving", DiagnosisArgumentKind.Number, 2), new("peers", DiagnosisArgumentKind.Number, 1_204)],
                "Held.",
                DiagnosisRemedy.ChangeLimit)));
            Assert.Equal("Something new.", DiagnosisWords.Sentence(new Diagnosis((DiagnosisCode)999, [], "Something new.", DiagnosisRemedy.None)));
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, before);
        }
    }

    [Fact]
    public void Texts_EveryCode_HasGermanWords() => Assert.All(
        Enum.GetValues<DiagnosisCode>(),
        code => Assert.Contains(Enumerable.Range(0, 6), count => Text.Has($"diagnosis.{code.ToString().ToLowerInvariant()}-{count}")));
}
