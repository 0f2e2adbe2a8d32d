using System.Text;
using CsCheck;
using P2P.Blazor.Api;
using Xunit;

namespace P2P.Blazor.Tests.Api;

public sealed class SafeFileNameTests
{
    [Theory]
    [InlineData("film.mkv", "film.mkv")]
    [InlineData("a/b\\c", "c")]
    [InlineData("..", null)]
    [InlineData("", null)]
    [InlineData("dir/", null)]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("a\0\n\u202Eb", "a___b")]
    [InlineData("dots... ", "dots")]
    [InlineData("naïve ☂", "naïve ☂")]
    public void Of_AName_IsTakenByEveryDisk(string name, string? expected) => Assert.Equal(expected, SafeFileName.Of(name));

    [Fact]
    public void Of_AnyText_LeadsNowhereAndFits() => Gen.String[0, 400].Sample(name =>
    {
        var safe = SafeFileName.Of(name);
        return safe is null || (Encoding.UTF8.GetByteCount(safe) <= SafeFileName.MaxBytes && safe == Path.GetFileName(safe) && safe[0] != '.' && !safe.Any(char.IsControl));
    });
}
