using P2P.Blazor.Formatting;
using Xunit;

namespace P2P.Blazor.Tests.Formatting;

public sealed class QrPathTests
{
    [Fact]
    public void Of_AMagnetLink_HasTheQuietZoneAndTheFinderOfItsCorner()
    {
        var code = QrPath.Of($"magnet:?xt=urn:btih:{new string('a', 40)}")!;

        Assert.Equal(0, (code.Size - 8 - 17) % 4); // 17 + 4 * version, and four on each side
        Assert.StartsWith("M4 4h7v1h-7z", code.Path); // the first row begins with a finder pattern of seven
        Assert.DoesNotContain("M0 ", code.Path);
        Assert.DoesNotContain("M3 ", code.Path);
    }

    [Fact]
    public void Of_TheLongestText_Fits() => Assert.Equal(177 + 8, QrPath.Of(new string('x', QrPath.MaxBytes))!.Size);

    [Fact]
    public void Of_TooLongOrNothing_IsNone()
    {
        Assert.Null(QrPath.Of(new string('x', QrPath.MaxBytes + 1)));
        Assert.Null(QrPath.Of(""));
    }
}
