using System.Collections.Immutable;
using System.Globalization;
using Bunit;
using P2P.Blazor.Components.Charts;
using P2P.Blazor.Components.Events;
using P2P.Blazor.Components.Pages;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Localization;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>Insights, events, about, charts, remedies, masked trackers.</summary>
public sealed class InsightsPagesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Insights_Sums_AreShownForThisStartAndAllTime()
    {
        await using var context = new PageContext();
        context.Engine.Publish(session => session with
        {
            Statistics = new SessionStatistics
            {
                SinceStart = new SessionTotals { Downloaded = 1 << 20, Uploaded = 2 << 20 },
                AllTime = new SessionTotals { Downloaded = 1L << 30, Uploaded = 512 << 20, Sessions = 3, FinishedDownloads = 7 },
                Network = new NetworkStatistics { Open = 12, MaxOpen = 500 },
            },
        });
        var page = context.Render<InsightsPage>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
        var cards = page.FindAll(".two > section").Select(card => card.TextContent).ToArray();
        Assert.Contains("2.00", cards[0], StringComparison.Ordinal);
        Assert.Contains("1.00 GiB", cards[1], StringComparison.Ordinal);
        Assert.Contains("0.50", cards[1], StringComparison.Ordinal);
        Assert.Contains("in 3 runs", cards[1], StringComparison.Ordinal);
        Assert.Contains("12 of at most 500", cards[3], StringComparison.Ordinal);
        Assert.Contains("U = 4.00 MiB/s ÷", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_Filters_LeaveWhatIsAskedFor()
    {
        await using var context = new PageContext();
        context.Engine.Events = [Event(3, EngineEventKind.Failed, "It failed."), Event(2, EngineEventKind.TrackerFailing, "The tracker fails."), Event(1, EngineEventKind.Started, "It runs.")];
        var list = context.Render<EventList>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
        Assert.Equal(["It failed.", "The tracker fails.", "It runs."], Sentences(list));
        list.Find("#events-severity").Change("warning");
        Assert.Equal(["It failed.", "The tracker fails."], Sentences(list));
        list.Find("#events-search").Input("tracker");
        Assert.Equal(["The tracker fails."], Sentences(list));
        list.Find("#events-search").Input("nothing at all");
        Assert.Contains("Nothing to show", list.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_NewOnes_ComeOnTop()
    {
        await using var context = new PageContext();
        context.Engine.Events = [Event(1, EngineEventKind.Started, "First.")];
        var list = context.RenderBelow<EventList>();
        context.Engine.Events = context.Engine.Events.Insert(0, Event(2, EngineEventKind.Stopped, "Second."));
        context.Engine.Publish();
        context.Beat<EventList>(list);
        Assert.Equal(["Second.", "First."], Sentences(list));
    }

    [Fact]
    public void Events_EveryKind_HasGermanWords() => Assert.All(Enum.GetValues<EngineEventKind>(), kind => Assert.True(Text.Has($"event.{kind.ToString().ToLowerInvariant()}"), kind.ToString()));

    [Fact]
    public void Events_German_AreMadeOfKindAndValues() => InGerman(() =>
    {
        Assert.Equal("age.txt hat genug gegeben (ratio).", EventWords.Sentence(Event(1, EngineEventKind.ShareLimitReached, "x", new DiagnosisArgument("limit", DiagnosisArgumentKind.Text, 0, "ratio")), "age.txt"));
        Assert.Equal("age.txt wurde angehalten.", EventWords.Sentence(Event(1, EngineEventKind.Stopped, "x"), "age.txt"));
    });

    [Fact]
    public async Task About_SaysWhatIsWell()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 2));
        var page = context.RenderBelow<AboutPage>();
        Assert.Equal(4, page.FindAll(".health .good").Count);
        context.Engine.Publish(session => session with { ListenPort = 0, ListenError = "Port 6881 is in use." });
        context.Beat<AboutPage>(page);
        Assert.Equal("Port 6881 is in use.", page.Find(".health .bad span").TextContent);
    }

    [Fact]
    public async Task Chart_Beats_RenderNothing()
    {
        await using var context = new PageContext();
        var chart = context.Render<RateChart>(parameters => parameters.Add(one => one.Load, context.Engine.GetRateHistoryAsync).Add(one => one.At, Now));
        var before = chart.RenderCount;
        for (var i = 1; i < 5; i++)
        {
            chart.Render(parameters => parameters.Add(one => one.DownNow, i * 1000).Add(one => one.At, Now.AddSeconds(i)));
        }

        Assert.Equal(before, chart.RenderCount);
        chart.FindAll(".segments button")[2].Click();
        Assert.Equal("true", chart.FindAll(".segments button")[2].GetAttribute("aria-pressed"));
    }

    [Theory]
    [InlineData(DiagnosisRemedy.None, null)]
    [InlineData(DiagnosisRemedy.Start, "start")]
    [InlineData(DiagnosisRemedy.StartNow, "forced True,start")]
    [InlineData(DiagnosisRemedy.Recheck, "recheck")]
    [InlineData(DiagnosisRemedy.AnnounceNow, "announce")]
    [InlineData(DiagnosisRemedy.AddPeers, "/peers")]
    [InlineData(DiagnosisRemedy.SeePeers, "/peers")]
    [InlineData(DiagnosisRemedy.SeeChoking, "/choking")]
    [InlineData(DiagnosisRemedy.SeePieces, "/pieces")]
    [InlineData(DiagnosisRemedy.SeeLog, "/log")]
    [InlineData(DiagnosisRemedy.ChangeLimit, "settings")]
    [InlineData(DiagnosisRemedy.ChooseFolder, "")]
    public async Task Remedy_EachOne_IsAButtonThatHelps(DiagnosisRemedy remedy, string? what)
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[2].Snapshot with { State = TorrentState.Stopped, Diagnosis = new Diagnosis(DiagnosisCode.Normal, [], "Why.", remedy) };
        var button = context.Render<RemedyButton>(parameters => parameters.Add(one => one.Torrent, torrent));
        if (what is null)
        {
            Assert.Empty(button.Markup.Trim());
        }
        else if (button.FindAll("a") is [var link])
        {
            Assert.EndsWith(what, link.GetAttribute("href"), StringComparison.Ordinal);
        }
        else if (what.Length > 0)
        {
            button.Find("button").Click();
            Assert.Equal(what.Split(','), context.Engine.Commands.Select(command => command[..command.LastIndexOf(' ')]));
        }
        else
        {
            Assert.NotEmpty(button.Find("button").TextContent); // It opens a dialog.
        }
    }

    [Theory]
    [InlineData("http://t.example/announce", "http://t.example/announce")]
    [InlineData("http://user:pass@t.example/announce", "http://•••@t.example/announce")]
    [InlineData("https://t.example/0123456789abcdef0123/announce", "https://t.example/•••/announce")]
    [InlineData("https://t.example/announce?passkey=0123456789abcdef&x=1", "https://t.example/announce?passkey=•••&x=1")]
    [InlineData("udp://tracker.example.org:6969/announce", "udp://tracker.example.org:6969/announce")]
    public void Tracker_Secrets_AreMasked(string url, string shown) => Assert.Equal(shown, SecretUrl.Masked(url));

    private static EngineEvent Event(long sequence, EngineEventKind kind, string message, params DiagnosisArgument[] arguments) =>
        new(Now.AddSeconds(sequence), kind, null, message) { Sequence = sequence, Arguments = [.. arguments] };

    private static IEnumerable<string> Sentences<T>(IRenderedComponent<T> list)
        where T : Microsoft.AspNetCore.Components.IComponent => list.FindAll(".events .grow").Select(line => line.TextContent);

    private static void InGerman(Action check)
    {
        var before = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (PageCulture.Choose("de", null), PageCulture.Choose("de", null));
            check();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = before;
        }
    }
}
