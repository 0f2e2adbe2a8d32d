using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CsCheck;
using P2P.Blazor.Formatting;
using P2P.Blazor.Localization;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Localization;

/// <summary>Texts and code hold together: no text is missing in a language, none is asked for that is not there, none is left over.</summary>
public sealed partial class TextTests
{
    private static string Source => Path.Combine(FakeHost.RepositoryRoot(), "src", "P2P.Blazor");

    [Fact]
    public void Texts_BothLanguages_HaveTheSameKeysAndPlaceholders()
    {
        var (english, german) = (Read(isGerman: false), Read(isGerman: true));
        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), german.Keys.Order(StringComparer.Ordinal));
        Assert.All(english, entry => Assert.True(
            Places(entry.Value).SetEquals(Places(german[entry.Key])) && entry.Value.Length > 0 && german[entry.Key].Length > 0,
            $"{entry.Key}: '{entry.Value}' and '{german[entry.Key]}' do not fill in the same arguments."));
    }

    [Fact]
    public void Texts_CodeAndResources_NameTheSameKeys()
    {
        var texts = Read(isGerman: false);
        var code = string.Join('\n', Directory.EnumerateFiles(Source, "*.*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        var asked = Single().Matches(code).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var counted = Counted().Matches(code).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        // Keys made of a code ("state." + code): everything that begins so is asked for.
        var made = Made().Matches(code).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(asked.Where(key => !texts.ContainsKey(key)).Concat(counted.Where(key => !texts.ContainsKey($"{key}.one") || !texts.ContainsKey($"{key}.other"))));
        // A key may also be handed on as a literal, to be counted or filled in elsewhere.
        string[] unused =
        [
            .. texts.Keys.Where(key => !made.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
                && !code.Contains($"\"{key}\"", StringComparison.Ordinal) && !code.Contains($"\"{Plural().Replace(key, "")}\"", StringComparison.Ordinal)),
        ];
        Assert.Empty(unused);
    }

    [Theory]
    [InlineData(null, null, "en")]
    [InlineData(null, "de-AT,de;q=0.9,en;q=0.8", "de")]
    [InlineData(null, "fr,de;q=0.5", "de")]
    [InlineData(null, "en-US,de", "en")]
    [InlineData("de", "en", "de")]
    [InlineData("xx", "de", "de")]
    [InlineData("qps-ploc", "de", "qps-PLOC")]
    [InlineData("../../etc", ",,;;-,", "en")]
    public void Culture_CookieThenBrowser_IsOneWeHave(string? cookie, string? header, string expected) =>
        Assert.Equal(expected, PageCulture.Choose(cookie, header).Name);

    [Fact]
    public void Culture_AnyHeader_NeverThrows() =>
        Gen.String.Sample(header => PageCulture.Choose(header, header).Name is "en" or "de" or "qps-PLOC");

    [Fact]
    public void Numbers_InGerman_HaveGermanSigns() => In("de", () =>
    {
        Assert.Equal("1,40 GiB", ByteText.Of(1_503_238_553));
        Assert.Equal("nie", DurationText.Of(null));
        Assert.Equal("vor 5 s", DurationText.Between(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(5)));
    });

    [Fact]
    public void Texts_Pseudo_AreMarkedAndKeepTheirArguments() => In(PageCulture.PseudoName, () =>
        Assert.Equal("⟦îñ 3 s··⟧", Text.T("format.in", "3 s")));

    private static void In(string culture, Action check)
    {
        var (before, chosen) = (CultureInfo.CurrentCulture, PageCulture.Choose(culture, null));
        try
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (chosen, chosen);
            check();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, before);
        }
    }

    private static Dictionary<string, string> Read(bool isGerman) => Directory.EnumerateFiles(Path.Combine(Source, "Localization"), "*Texts*.resx")
        .Where(file => file.EndsWith(".de.resx", StringComparison.Ordinal) == isGerman)
        .SelectMany(file => XDocument.Load(file).Root!.Elements("data"))
        .ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value);

    private static HashSet<string> Places(string text) => [.. Place().Matches(text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("""\{(\d)[^}]*\}""")]
    private static partial Regex Place();

    [GeneratedRegex("""\b(?:T|Markup|Text\.T|Text\.Markup)\("([a-z0-9.-]+)"[,)]""")]
    private static partial Regex Single();

    [GeneratedRegex("""\bMany\("([a-z0-9.-]+)",""")]
    private static partial Regex Counted();

    [GeneratedRegex("""\.(?:one|other)$""")]
    private static partial Regex Plural();

    [GeneratedRegex("""\b(?:T|Has|Under|Markup)\(\$?"([a-z0-9.-]+[.-])(?:"|\{)""")]
    private static partial Regex Made();
}
