using Bunit;
using P2P.Blazor.Components.Pages;
using P2P.Blazor.Components.Settings;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>Settings: every one is there, is found, is saved alone; labels are made and deleted.</summary>
public sealed class SettingsPageTests
{
    [Fact]
    public void Catalogue_EveryMemberOfThePatch_IsOnThePage()
    {
        // These two have forms of their own.
        string[] forms = [nameof(EngineSettingsPatch.ShareLimits), nameof(EngineSettingsPatch.Labels)];
        Assert.Equal(
            typeof(EngineSettingsPatch).GetProperties().Select(property => property.Name).Except(forms).Order(),
            Setting.All.Select(setting => setting.Member).Order());
        Assert.All(Setting.All, setting => Assert.Contains(setting.Section, Setting.Sections));
        Assert.Equal(Setting.All.Length, Setting.All.Select(setting => setting.Key).Distinct().Count());
    }

    [Fact]
    public void Catalogue_EverySetting_ChangesItsMemberAndNoOther()
    {
        var saved = SettingsForm.Of(new TorrentEngineOptions { IncompleteDirectory = "/a", SharedDirectory = "/b" });
        Assert.All(Setting.All, setting =>
        {
            var form = saved with { };
            setting.Write(form, setting.Read(form) switch { long number => number + 1, bool isOn => !isOn, var text => $"{text}x" });
            Assert.NotEqual(saved, form);
            var patch = form.PatchFrom(saved);
            var changed = typeof(EngineSettingsPatch).GetProperties().Where(property => property.GetValue(patch) is not null).Select(property => property.Name);
            Assert.Equal(setting.Member, Assert.Single(changed));
            Assert.False(string.IsNullOrWhiteSpace(setting.Help));
        });
    }

    [Fact]
    public async Task Search_FindsByNameHelpAndKey()
    {
        await using var context = new PageContext();
        var page = Render(context);
        Assert.Equal(Setting.All.Length, page.FindAll("[data-setting]").Count);
        foreach (var (text, member) in new[] { ("umax", "MaxUploadRate"), ("ChokeInterval", "ChokeInterval"), ("flap", "ChokeInterval") })
        {
            page.Find("#settings-search").Input(text);
            Assert.Contains(page.FindAll("[data-setting]"), row => row.GetAttribute("data-setting") == member);
            Assert.InRange(page.FindAll("[data-setting]").Count, 1, 4);
        }

        page.Find("#settings-search").Input("no such thing");
        Assert.Contains("No setting is called so", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preset_Course_SetsSlotsAndIsSaved()
    {
        await using var context = new PageContext();
        var page = Render(context);
        Assert.Empty(page.FindAll("#settings-save"));
        page.FindAll(".presets button")[2].Click();
        page.Find("#settings-save").Click();
        Assert.Equal(new EngineSettingsPatch { RegularSlots = 4, OptimisticSlots = 0 }, context.Engine.LastPatch);
        Assert.Equal("true", page.FindAll(".presets button")[2].GetAttribute("aria-pressed"));
        Assert.Empty(page.FindAll("#settings-save"));
    }

    [Fact]
    public async Task Save_Refused_KeepsWhatWasTyped()
    {
        await using var context = new PageContext();
        var page = Render(context);
        page.FindAll(".presets button")[1].Click();
        context.Engine.FailNext("settings.invalid", "No.");
        page.Find("#settings-save").Click();
        Assert.Equal("true", page.FindAll(".presets button")[1].GetAttribute("aria-pressed"));
        Assert.NotEmpty(page.FindAll("#settings-save"));
    }

    [Fact]
    public async Task Settings_ChangedElsewhere_AreTakenOverUnlessTouched()
    {
        await using var context = new PageContext();
        var page = context.RenderBelow<SettingsPage>();
        await context.Engine.UpdateSettingsAsync(new EngineSettingsPatch { RegularSlots = 4, OptimisticSlots = 0 });
        context.Beat<SettingsPage>(page);
        Assert.Equal("true", page.FindAll(".presets button")[2].GetAttribute("aria-pressed"));

        page.FindAll(".presets button")[1].Click();
        await context.Engine.UpdateSettingsAsync(new EngineSettingsPatch { RegularSlots = 3, OptimisticSlots = 1, ChokeInterval = TimeSpan.FromSeconds(30) });
        context.Beat<SettingsPage>(page);
        Assert.Equal("true", page.FindAll(".presets button")[1].GetAttribute("aria-pressed"));
    }

    [Fact]
    public async Task Labels_AreMadeAndDeleted()
    {
        await using var context = new PageContext();
        var page = Render(context);
        page.Find("#label-add").Click();
        page.Find("#label-edit-name").Change("iso");
        page.Find("#label-save").Click();
        Assert.Equal("iso", Assert.Single(context.Engine.Options.Labels).Name);
        page.Find(".labels .danger").Click();
        Assert.Empty(context.Engine.Options.Labels);
    }

    private static IRenderedComponent<SettingsPage> Render(PageContext context) =>
        context.Render<SettingsPage>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
}
