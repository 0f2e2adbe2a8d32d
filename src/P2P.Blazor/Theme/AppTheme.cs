using MudBlazor;

namespace P2P.Blazor.Theme;

/// <summary>Palette and type for MudBlazor's own parts; wwwroot/css/tokens.css holds the same tokens for ours and wins where both speak.</summary>
internal static class AppTheme
{
    private static readonly string[] Fonts = ["system-ui", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"];

    /// <summary>A new theme, both palettes.</summary>
    public static MudTheme Create() => new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#2B50C8",
            Background = "#F5F7FA",
            Surface = "#FFFFFF",
            AppbarBackground = "#FFFFFF",
            AppbarText = "#15202E",
            TextPrimary = "#15202E",
            TextSecondary = "#48566A",
            LinesInputs = "#748297",
            Divider = "#D3DAE4",
            Success = "#0A6E4B",
            Info = "#0B5FB5",
            Warning = "#855600",
            Error = "#B3261E",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#9BB1FF",
            PrimaryContrastText = "#0E131A",
            Background = "#0E131A",
            Surface = "#161D27",
            AppbarBackground = "#161D27",
            AppbarText = "#E7EDF5",
            TextPrimary = "#E7EDF5",
            TextSecondary = "#AAB7C9",
            LinesInputs = "#70829A",
            Divider = "#2F3B4B",
            Success = "#62D6A4",
            Info = "#6FB6FF",
            Warning = "#F7C95C",
            Error = "#FF8F86",
            ErrorContrastText = "#0E131A",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Fonts, FontSize = "14px", LineHeight = "20px", LetterSpacing = "0" },
            Button = new ButtonTypography { FontFamily = Fonts, TextTransform = "none", FontWeight = "600" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px", AppbarHeight = "56px" },
    };
}
