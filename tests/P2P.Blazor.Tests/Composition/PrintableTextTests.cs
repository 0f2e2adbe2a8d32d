using P2P.Blazor.Composition;
using Xunit;

namespace P2P.Blazor.Tests.Composition;

/// <summary>Rule R-W16: texts from strangers cannot forge log lines.</summary>
public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("Größe 年齢 🎬", "Größe 年齢 🎬")]
    [InlineData("a\r\n2026 [ERR] forged", "a\\u000D\\u000A2026 [ERR] forged")]
    [InlineData("\u001b[2J", "\\u001B[2J")]
    [InlineData("a\u202egpj.exe", "a\\u202Egpj.exe")]
    [InlineData("a\u200bb", "a\\u200Bb")]
    [InlineData("a\u2028b", "a\\u2028b")]
    public void Escape_Text_HasNoUnprintableCharacter(string text, string expected) => Assert.Equal(expected, PrintableText.Escape(text));

    [Fact]
    public void Escape_LongText_IsCut() =>
        Assert.Equal(new string('x', PrintableText.MaxLength) + "…", PrintableText.Escape(new string('x', PrintableText.MaxLength + 1)));

    [Fact]
    public void Escape_NothingToDo_IsTheSameInstance()
    {
        var text = new string('x', PrintableText.MaxLength);
        Assert.Same(text, PrintableText.Escape(text));
    }
}
