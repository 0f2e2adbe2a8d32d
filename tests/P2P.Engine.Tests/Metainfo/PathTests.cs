using System.Text;
using CsCheck;
using P2P.Engine.Metainfo;
using Xunit;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Rows P02 to P25 that concern whole paths: what a torrent's list becomes, and how it is joined to a folder.</summary>
public sealed class PathTests
{
    [Theory]
    [InlineData("P01", "..|.", "T/_/_")]
    [InlineData("P02", "..|..|etc|passwd", "T/_/_/etc/passwd")]
    [InlineData("P04", "/etc/passwd", "T/_etc_passwd")]
    [InlineData("P07", "\\\\srv\\share\\f", "T/__srv_share_f")]
    [InlineData("P25", "", "T/_")]
    [InlineData("P25", "|", "T/_/_")]
    public void Read_Path_StaysUnderTheFolder(string row, string components, string expected)
    {
        var read = TorrentBuilder.Folder([components.Split('|')]).Read();

        Assert.Equal((row, expected), (row, read.Files[0].Path));
        Assert.Contains(read.Warnings, warning => warning.Contains("changed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("P03", "..", "_")]
    [InlineData("P03", "/", "_")]
    [InlineData("P04", "/etc", "_etc")]
    [InlineData("P34", ".p2p-lock", "_.p2p-lock")]
    public void Read_Name_IsCleaned(string row, string name, string expected) =>
        Assert.Equal((row, expected), (row, TorrentBuilder.Single(name: name).Read().Name));

    [Theory]
    [InlineData("P14", "a\u200B,a", "T/a,T/a (2)", "T/a,T/a (2)")]
    [InlineData("P17", "\u00e9,e\u0301", "T/\u00e9,T/e\u0301", "T/\u00e9,T/e\u0301")]
    [InlineData("P18", "README,ReadMe", "T/README,T/ReadMe", "T/README,T/ReadMe (2)")]
    [InlineData("P19", "a,a", "T/a,T/a (2)", "T/a,T/a (2)")]
    [InlineData("P19", "a.txt,a.txt,a.txt,a (2).txt", "T/a.txt,T/a (3).txt,T/a (4).txt,T/a (2).txt", "T/a.txt,T/a (3).txt,T/a (4).txt,T/a (2).txt")]
    [InlineData("P20", "a,a|b", "T/a (2),T/a/b", "T/a (2),T/a/b")]
    [InlineData("P20", "a|b,a", "T/a/b,T/a (2)", "T/a/b,T/a (2)")]
    [InlineData("P20", "A|b,a,a|c", "T/A/b,T/a (2),T/a/c", "T/A/b,T/a (2),T/a/c")]
    [InlineData("P20", "a|b,a,a (2)|x,a b", "T/a/b,T/a (3),T/a (2)/x,T/a b", "T/a/b,T/a (3),T/a (2)/x,T/a b")]
    public void Read_ClashingPaths_EachGetsItsOwn(string row, string paths, string linux, string windows)
    {
        var torrent = TorrentBuilder.Folder([.. paths.Split(',').Select(path => path.Split('|'))]);

        Assert.Equal((row, linux), (row, string.Join(',', torrent.Read().Files.Select(f => f.Path))));
        Assert.Equal((row, windows), (row, string.Join(',', torrent.Read(NamePlatform.Windows).Files.Select(f => f.Path))));
    }

    [Fact] // P21
    public void Read_SameNameOverAndOver_IsRefusedAtFiveHundredAndOne()
    {
        Assert.Equal(500, TorrentBuilder.Folder([.. Enumerable.Repeat(new[] { "a" }, 500)]).Read().Files.Select(f => f.Path).Distinct().Count());
        var fault = Assert.Throws<MetainfoException>(() => TorrentBuilder.Folder([.. Enumerable.Repeat(new[] { "a" }, 501)]).Read());
        Assert.Equal("torrent.too_many_duplicates", fault.Code);
    }

    [Fact] // P22: cut names are unique as well
    public void Read_LongNamesThatDifferAtTheEnd_AreCutAndUnique()
    {
        var read = TorrentBuilder.Folder([new string('a', 300) + "1.txt"], [new string('a', 300) + "2.txt"]).Read();

        Assert.Equal(["T/" + new string('a', 251) + ".txt", "T/" + new string('a', 247) + " (2).txt"], read.Files.Select(f => f.Path));
        Assert.Equal(["2 names were changed, because they were not safe or could mislead.", "1 file was renamed, because another has the same name."], read.Warnings);
    }

    [Fact] // P23
    public void Read_HundredComponents_AreRead() => Assert.Equal(
        101, TorrentBuilder.Folder([.. Enumerable.Repeat("a", 100)]).Read().Files[0].Path.Split('/').Length);

    [Fact]
    public void Resolve_RandomPaths_AreUniqueAndNoFileIsAFolder() => Gen.Select(
        Gen.Int[0, 3].Select(i => "a,A,a (2),b".Split(',')[i]).Array[1, 3].Select(parts => string.Join('/', parts)).Array[1, 30], Gen.Bool).Sample(
        (paths, isWindows) =>
        {
            var comparer = isWindows ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
            var before = paths.ToArray();
            var renamed = PathClashes.Resolve(paths, isWindows ? NamePlatform.Windows : NamePlatform.Unix);
            var folders = paths.SelectMany(path => Enumerable.Range(1, path.Count(c => c == '/')).Select(n => string.Join('/', path.Split('/').Take(n)))).ToHashSet(comparer);
            return paths.Distinct(comparer).Count() == paths.Length && !paths.Any(folders.Contains)
                && paths.Zip(before).Count(pair => pair.First != pair.Second) == renamed;
        },
        iter: 20_000);

    [Theory]
    [InlineData("/dl", "T/a b/c", "/dl/T/a b/c")]
    [InlineData("/dl/", "T", "/dl/T")]
    [InlineData("/", "T", "/T")]
    public void Join_SafePath_LiesBelowTheRoot(string root, string relative, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the roots of this test are those of Linux");

        Assert.Equal(expected, TorrentPath.Join(root, relative));
    }

    [Theory] // R-F01
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("")]
    [InlineData("a\\..\\b")]
    [InlineData("a\0b")]
    public void Join_PathThatCouldLeave_IsRefused(string relative) =>
        Assert.Equal("path.escape", Assert.Throws<MetainfoException>(() => TorrentPath.Join(Path.GetFullPath("/dl"), relative)).Code);

    [Fact] // P24
    public void Join_FourThousandNinetySixBytes_IsTooLong()
    {
        var root = Path.GetFullPath("/dl");
        var room = 4_095 - Encoding.UTF8.GetByteCount(root) - 1;
        var longest = string.Join('/', Enumerable.Repeat(new string('a', 199), 20)) + "/" + new string('b', room - (20 * 200));

        Assert.Equal(4_095, TorrentPath.Join(root, longest).Length);
        Assert.Equal("path.too_long", Assert.Throws<MetainfoException>(() => TorrentPath.Join(root, longest + "b")).Code);
    }

    [Theory] // P36
    [InlineData("/dl", "/dl/x", true)]
    [InlineData("/dl/", "/dl/x", true)]
    [InlineData("/", "/x", true)]
    [InlineData("/dl", "/dl", false)]
    [InlineData("/dl", "/dl2", false)]
    [InlineData("/dl", "/dl/../etc", false)]
    [InlineData("/dl", "/dl/./x/../..", false)]
    public void IsInside_PrefixTricks_AreSeenThrough(string root, string path, bool expected) => Assert.Equal(expected, TorrentPath.IsInside(root, path));

    [Fact] // names of both halves of a hybrid are counted once
    public void Read_HybridWithBadName_WarnsOnce()
    {
        var read = new TorrentV2Builder().File(5, "a\u200Bb").File(7, "c").BuildHybrid().Read();

        Assert.Equal("1 name was changed, because it was not safe or could mislead.", Assert.Single(read.Warnings));
        Assert.Equal(["T/ab", "T/.pad/1", "T/c"], read.Files.Select(f => f.Path));
    }
}
