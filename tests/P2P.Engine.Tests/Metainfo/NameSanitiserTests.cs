using System.Text;
using CsCheck;
using P2P.Engine.Metainfo;
using Xunit;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Rows P01 to P40 that concern one name, by the rules of Linux and of Windows.</summary>
public sealed class NameSanitiserTests
{
    /// <summary>Row, name, result on Linux, result on Windows.</summary>
    public static TheoryData<string, string, string, string> Rows => new()
    {
        { "P01", "..", "_", "_" },
        { "P01", ".", "_", "_" },
        { "P03", "/", "_", "_" },
        { "P03", "\\", "_", "_" },
        { "P04", "/etc/passwd", "_etc_passwd", "_etc_passwd" },
        { "P04", "/etc", "_etc", "_etc" },
        { "P05", "a/../../../x", "a_.._.._.._x", "a_.._.._.._x" },
        { "P05", "a\\..\\..\\x", "a_.._.._x", "a_.._.._x" },
        { "P06", "C:\\Windows\\x", "C:_Windows_x", "C__Windows_x" },
        { "P06", "C:x", "C:x", "C_x" },
        { "P07", "\\\\srv\\share\\f", "__srv_share_f", "__srv_share_f" },
        { "P07", "\\\\?\\C:\\x", "__?_C:_x", "____C__x" },
        { "P08", "a.txt:evil", "a.txt:evil", "a.txt_evil" },
        { "P08", "a::$DATA", "a::$DATA", "a__$DATA" },
        { "P09", "a.", "a.", "a_" },
        { "P09", "a ", "a ", "a_" },
        { "P09", "a...", "a...", "a.._" },
        { "P10", "CON", "CON", "_CON" },
        { "P10", "con.txt", "con.txt", "_con.txt" },
        { "P10", "NUL", "NUL", "_NUL" },
        { "P10", "AUX.", "AUX.", "_AUX_" },
        { "P10", "COM1", "COM1", "_COM1" },
        { "P10", "LPT9.log", "LPT9.log", "_LPT9.log" },
        { "P10", "COM\u00B9", "COM\u00B9", "_COM\u00B9" },
        { "P10", "CONIN$", "CONIN$", "_CONIN$" },
        { "P10", "CLOCK$", "CLOCK$", "_CLOCK$" },
        { "P10", "con .txt", "con .txt", "_con .txt" },
        { "P10", "CONSOLE", "CONSOLE", "CONSOLE" },
        { "P11", "a\0b", "a_b", "a_b" },
        { "P11", "\0", "_", "_" },
        { "P12", "a\r\nb", "a__b", "a__b" },
        { "P12", "\u001b[2J", "_[2J", "_[2J" },
        { "P12", "a\u0085b\u009Bc", "a_b_c", "a_b_c" },
        { "P13", "exe.\u202Egpj", "exe.gpj", "exe.gpj" },
        { "P13", "a\u2066b\u200Bc\uFEFFd\u061Ce", "abcde", "abcde" },
        { "P13", ".\u200B.", "_", "_" },
        { "P13", "\u200B", "_", "_" },
        { "P13", "\u06A9\u200C\u06CC", "\u06A9\u200C\u06CC", "\u06A9\u200C\u06CC" },
        { "P25", "", "_", "_" },
        { "P34", ".p2p-lock", "_.p2p-lock", "_.p2p-lock" },
        { "P34", ".P2P-x", "_.P2P-x", "_.P2P-x" },
        { "P37", "-rf", "-rf", "-rf" },
        { "P37", "--help", "--help", "--help" },
        { "P38", "$(touch x)", "$(touch x)", "$(touch x)" },
        { "P38", "`id`a;b&c\"%PATH%", "`id`a;b&c\"%PATH%", "`id`a;b&c_%PATH%" },
        { "P39", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>", "_img src=x onerror=alert(1)_" },
        { "P40", "=cmd|' C calc'!A0", "=cmd|' C calc'!A0", "=cmd_' C calc'!A0" },
        { "ok", "Movie (2024) [x] \u00e9\u4e2d\U0001F600.mkv", "Movie (2024) [x] \u00e9\u4e2d\U0001F600.mkv", "Movie (2024) [x] \u00e9\u4e2d\U0001F600.mkv" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Clean_Row_GivesExactlyThisName(string row, string name, string linux, string windows)
    {
        var bytes = Encoding.UTF8.GetBytes(name);

        Assert.Equal((row, linux), (row, new NameSanitiser(NamePlatform.Unix).Clean(bytes)));
        Assert.Equal((row, windows), (row, new NameSanitiser(NamePlatform.Windows).Clean(bytes)));
    }

    [Theory] // P15, P16
    [InlineData("C328", "_(")]
    [InlineData("FF", "_")]
    [InlineData("EDA080", "___")]
    [InlineData("F4908080", "____")]
    [InlineData("C0AEC0AEC0AF", "______")]
    [InlineData("61E28262", "a__b")]
    [InlineData("61E282", "a__")]
    public void Clean_InvalidUtf8_BecomesOneUnderscoreAByte(string hex, string expected)
    {
        var names = new NameSanitiser(NamePlatform.Unix);

        Assert.Equal(expected, names.Clean(Convert.FromHexString(hex)));
        Assert.Equal(1, names.ChangedCount);
    }

    [Fact] // P22
    public void Clean_TooLong_IsCutOnACodePointEdgeAndKeepsItsExtension()
    {
        var names = new NameSanitiser(NamePlatform.Unix);

        Assert.Equal(new string('a', 255), names.Clean(Encoding.UTF8.GetBytes(new string('a', 256))));
        Assert.Equal(new string('a', 251) + ".mkv", names.Clean(Encoding.UTF8.GetBytes(new string('a', 300) + ".mkv")));
        var wide = string.Concat(Enumerable.Repeat("\U0001D4B3", 4_000));
        Assert.Equal(wide[..126], names.Clean(Encoding.UTF8.GetBytes(wide))); // 63 characters of 4 bytes
        Assert.Equal(wide[..(2 * 62)] + ".mkv", names.Clean(Encoding.UTF8.GetBytes(wide + ".mkv")));
        Assert.Equal(new string('a', 255), names.Clean(Encoding.UTF8.GetBytes(new string('a', 300) + ".notanextension")));
        Assert.Equal(new string('a', 255), names.Clean(Encoding.UTF8.GetBytes(new string('a', 255))));
        Assert.Equal(5, names.ChangedCount);
        Assert.Equal(255, new NameSanitiser(NamePlatform.Windows).Clean(Encoding.UTF8.GetBytes("CON." + new string('b', 251))).Length);
    }

    [Fact]
    public void Clean_RandomBytes_IsAlwaysSafeAndCleaningAgainChangesNothing() => Gen.Select(
        Gen.OneOf(Gen.Byte, Gen.Int[0, 13].Select(i => "/\\.: \0\u0001CON*?\xE2\x80"[i]).Select(c => (byte)c)).Array[0, 300], Gen.Bool).Sample(
        (bytes, isWindows) =>
        {
            var platform = isWindows ? NamePlatform.Windows : NamePlatform.Unix;
            var name = new NameSanitiser(platform).Clean(bytes);
            var again = new NameSanitiser(platform);
            return name is not ("" or "." or "..") && Encoding.UTF8.GetByteCount(name) <= 255 && !name.Any(c => c is '/' or '\\' || char.IsControl(c))
                && (!isWindows || (!name.AsSpan().ContainsAny("<>:\"|?*") && name[^1] is not ('.' or ' ')))
                && again.Clean(Encoding.UTF8.GetBytes(name)) == name && again.ChangedCount == 0;
        },
        iter: 20_000);
}
