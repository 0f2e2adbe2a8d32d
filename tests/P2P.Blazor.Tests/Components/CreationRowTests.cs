using Bunit;
using P2P.Blazor.Components.Creation;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>A torrent that is being made: how far, how fast, how long still.</summary>
public sealed class CreationRowTests
{
    private static readonly TorrentCreationSnapshot Start = new()
    {
        Id = "c1",
        Path = "/srv/p2p/shared/film",
        State = TorrentCreationState.Hashing,
        HashedBytes = 10 << 20,
        TotalBytes = 100 << 20,
        Files = 1,
        PieceLength = 1 << 20,
        PieceCount = 100,
    };

    [Fact]
    public async Task Hashing_AfterTwoLooks_TellsItsPaceAndWhatIsLeft()
    {
        await using var context = new PageContext();
        var row = context.Render<CreationRow>(parameters => parameters.Add(one => one.Creation, Start));
        Assert.EndsWith("100 pieces of 1.00 MiB.", row.Find(".cap").TextContent, StringComparison.Ordinal);
        context.Clock.Advance(TimeSpan.FromSeconds(2));
        row.Render(parameters => parameters.Add(one => one.Creation, Start with { HashedBytes = 30 << 20 }));

        Assert.EndsWith(" 10.0 MiB/s, 7 s left.", row.Find(".cap").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Done_TellsNoPace()
    {
        await using var context = new PageContext();
        var row = context.Render<CreationRow>(parameters => parameters.Add(one => one.Creation, Start));
        context.Clock.Advance(TimeSpan.FromSeconds(2));
        row.Render(parameters => parameters.Add(one => one.Creation, Start with { HashedBytes = 100 << 20, State = TorrentCreationState.Done }));

        Assert.DoesNotContain("left", row.Find(".cap").TextContent, StringComparison.Ordinal);
    }
}
