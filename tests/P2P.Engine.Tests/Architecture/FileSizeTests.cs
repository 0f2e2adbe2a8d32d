using System.Text.RegularExpressions;
using P2P.Engine.Tests.TestVectors;
using Xunit;

namespace P2P.Engine.Tests.Architecture;

/// <summary>No file over 500 lines, no type over 700 across its partial files; sources and tests alike.</summary>
public sealed partial class FileSizeTests
{
    private const int MaxFileLines = 500;
    private const int MaxTypeLines = 700;

    // An exception is written here with its reason, so that a reviewer sees it.
    private static readonly Dictionary<string, string> Exceptions = [];

    [Fact]
    public void Repository_EveryFile_HasAtMostFiveHundredLines() => Assert.Empty(TooLongFiles(Sources()));

    [Fact]
    public void Repository_EveryType_HasAtMostSevenHundredLines() => Assert.Empty(TooLongTypes(Sources()));

    [Fact]
    public void Repository_Sources_AreFound() => Assert.InRange(Sources().Count, 50, 10_000);

    [Fact]
    public void TooLong_ForgedFiles_AreNamed()
    {
        List<(string Path, string[] Lines)> files =
        [
            ("a/Good.cs", [.. Enumerable.Repeat("", 500)]),
            ("a/Long.cs", [.. Enumerable.Repeat("", 501)]),
            ("a/Loop.cs", ["internal sealed partial class Loop", .. Enumerable.Repeat("", 399)]),
            ("a/Loop.Wire.cs", ["internal sealed partial class Loop", .. Enumerable.Repeat("", 300)]),
            ("b/Loop.cs", ["internal sealed partial class Loop", .. Enumerable.Repeat("", 399)]),
        ];

        Assert.Equal(["a/Long.cs: 501 lines"], TooLongFiles(files));
        Assert.Equal(["a/Loop: 701 lines"], TooLongTypes(files));
    }

    private static string[] TooLongFiles(IEnumerable<(string Path, string[] Lines)> files) =>
        [.. files.Where(file => file.Lines.Length > MaxFileLines && !Exceptions.ContainsKey(file.Path)).Select(file => $"{file.Path}: {file.Lines.Length} lines")];

    private static string[] TooLongTypes(IEnumerable<(string Path, string[] Lines)> files) =>
        [.. from file in files
            let type = file.Lines.Select(line => PartialType().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value
            where type is not null
            group file.Lines.Length by $"{Path.GetDirectoryName(file.Path)?.Replace('\\', '/')}/{type}" into parts
            where parts.Sum() > MaxTypeLines && !Exceptions.ContainsKey(parts.Key)
            select $"{parts.Key}: {parts.Sum()} lines"];

    private static List<(string Path, string[] Lines)> Sources()
    {
        var root = RepositoryRoot.Find();
        return [.. from folder in new[] { "src", "tests" }
                   from path in Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories)
                   where path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".razor", StringComparison.Ordinal)
                   let relative = Path.GetRelativePath(root, path).Replace('\\', '/')
                   where !relative.Split('/').Any(part => part is "obj" or "bin")
                   orderby relative
                   select (relative, File.ReadAllLines(path))];
    }

    [GeneratedRegex(@"^\s*(?:\w+ )*partial (?:class|struct|record|record struct|interface) (\w+)")]
    private static partial Regex PartialType();
}
