using System.Collections.Immutable;
using P2P.Blazor.Components.Dialogs;
using P2P.Blazor.Components.Pages;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class DetailPartsTests
{
    [Fact]
    public void Build_Folders_AreRowsBeforeTheirFiles()
    {
        var tree = FileTree.Build(["t/a/1", "t/2", "t/a/3"]);

        Assert.Equal(["t/", "t/a/", "t/a/1", "t/a/3", "t/2"], tree.Rows.Select(row => row.Path));
        Assert.Equal([0, 1, 2, 2, 1], tree.Rows.Select(row => row.Depth));
        Assert.Equal([0, 2], tree.Rows[1].Files);
        Assert.Equal(["t/", "t/a/", "t/2"], tree.Visible(new HashSet<string> { "t/a/" }).Select(row => row.Path));
    }

    [Fact]
    public void Icons_AreThoseOfTheFile()
    {
        var file = File.ReadAllText(Path.Combine(FakeHost.RepositoryRoot(), "wwwroot", "icons.svg"));
        var symbols = file.Split("<symbol id=\"").Skip(1).Select(part => part[..part.IndexOf('"', StringComparison.Ordinal)]);

        Assert.Equal(symbols.Order(StringComparer.Ordinal), Icon.Names.Order(StringComparer.Ordinal));
        Assert.All(Icon.Names, name => Assert.Contains($"#{name}\"", Icon.Small(name).Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Build_VeryDeepFolders_DoesNotRecurse()
    {
        var tree = FileTree.Build([string.Join('/', Enumerable.Repeat("d", 2_000))]);

        Assert.Equal(2_000, tree.Rows.Count);
    }

    [Theory]
    [InlineData(0.99999, "99.9")]
    [InlineData(1, "100")]
    [InlineData(0.6149, "61.4")]
    [InlineData(0, "0.0")]
    public void Percent_NotWhole_NeverSaysHundred(double share, string expected) => Assert.Equal($"{expected}\u00A0%", Show.Percent(share));

    [Fact]
    public void PatchFrom_OneChange_SendsOnlyThat()
    {
        var saved = SettingsForm.Of(new TorrentEngineOptions { MaxUploadRate = 1_000_001 });

        Assert.Equal(new EngineSettingsPatch { RegularSlots = 5 }, (saved with { RegularSlots = 5 }).PatchFrom(saved));
        Assert.Equal(new EngineSettingsPatch { MaxDownloadRate = 2048 }, (saved with { MaxDownload = 2 }).PatchFrom(saved));
        Assert.Equal(new EngineSettingsPatch { TrackerUdpPort = 0, PeerExchange = false }, (saved with { TrackerUdpPort = 0, PeerExchange = false }).PatchFrom(saved));
        Assert.Equal(["a.example:1", "[::1]:2"], (saved with { DhtBootstrap = "a.example:1\n\n [::1]:2 " }).PatchFrom(saved).DhtBootstrap!.Value);
        Assert.Empty((SettingsForm.Of(new TorrentEngineOptions { DhtBootstrap = ["a:1"] }) with { DhtBootstrap = "" }).PatchFrom(SettingsForm.Of(new TorrentEngineOptions { DhtBootstrap = ["a:1"] })).DhtBootstrap!.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    public void Parse_NoAnswer_FailsWithASentence(string json)
    {
        var answer = UploadAnswer.Parse(json);

        Assert.False(answer.Ok);
        Assert.Equal("The server’s answer could not be read.", AddWords.Refusal(answer.Code, answer.Error));
    }

    [Fact]
    public void Sentence_EveryMixOfFlags_SaysBothSides()
    {
        var peer = new PeerSnapshot { Endpoint = new(System.Net.IPAddress.Loopback, 1), Client = "" };
        var sentences = Enumerable.Range(0, 64).Select(bits => PeerWords.Sentence(peer with
        {
            AmChoking = (bits & 1) != 0,
            AmInterested = (bits & 2) != 0,
            IsChoking = (bits & 4) != 0,
            IsInterested = (bits & 8) != 0,
            IsSnubbed = (bits & 16) != 0,
            IsOptimistic = (bits & 32) != 0,
        })).ToImmutableArray();

        Assert.All(sentences, sentence => Assert.InRange(sentence.Count(letter => letter == '.'), 2, 3));
        Assert.Contains("You want pieces; it chokes you. It wants pieces; you choke it.", sentences);
    }
}
