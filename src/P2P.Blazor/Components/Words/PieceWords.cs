using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>What is told of one piece, or of the several behind one cell.</summary>
internal static class PieceWords
{
    private const int MostFiles = 3;
    private const int MostSuppliers = 3;

    /// <summary>"verified", "missing", ...</summary>
    public static string State(PieceState state) => Text.T($"pieces.is-{state.ToString().ToLowerInvariant()}");

    /// <summary>"Piece 41,207: 12 of 16 blocks, from 203.0.113.7:6881, on 3 peers, file: a.iso"; of several, how many are what.</summary>
    public static string Line(PieceStates states, TorrentDetails details, int first, int last) =>
        first == last ? One(states, details, first) : Several(states, details, first, last);

    /// <summary>"on 3 peers".</summary>
    public static string Copies(int copies) => copies == 0 ? Text.T("pieces.on-none") : copies == 255 ? Text.T("pieces.on-many") : Text.Many("pieces.on", copies);

    /// <summary>"1 to 3", or one number.</summary>
    public static string Span(int least, int most) => least == most ? Show.Count(least) : Text.T("pieces.span", Show.Count(least), Show.Count(most));

    /// <summary>A file's name without its folders.</summary>
    public static string NameOf(FileSnapshot file) => file.Path[(file.Path.LastIndexOf('/') + 1)..];

    private static string One(PieceStates states, TorrentDetails details, int piece)
    {
        List<string> parts = [State(states[piece])];
        if (states.ActiveOf(piece) is { } active && states[piece] != PieceState.Have)
        {
            parts.Add(Text.T("pieces.blocks", active.BlocksReceived, active.BlockCount));
            if (active.Suppliers.Length > 0)
            {
                parts.Add(Text.T("pieces.from", string.Join(", ", active.Suppliers.Take(MostSuppliers))));
            }
        }

        parts.Add(Copies(states.CopiesOf(piece)));
        AddFiles(parts, details, piece, piece);
        return Text.T("pieces.line", Show.Count(piece), string.Join(", ", parts));
    }

    private static string Several(PieceStates states, TorrentDetails details, int first, int last)
    {
        var counts = new int[Enum.GetValues<PieceState>().Length];
        var (least, most) = (int.MaxValue, 0);
        for (var piece = first; piece <= last; piece++)
        {
            counts[(int)states[piece]]++;
            var copies = states.CopiesOf(piece);
            (least, most) = (Math.Min(least, copies), Math.Max(most, copies));
        }

        List<string> parts = [.. Enum.GetValues<PieceState>().Where(state => counts[(int)state] > 0).Select(state => $"{Show.Count(counts[(int)state])} {State(state)}")];
        parts.Add(Text.T("pieces.copies", Span(least, most)));
        AddFiles(parts, details, first, last);
        return Text.T("pieces.line-several", Show.Count(first), Show.Count(last), string.Join(", ", parts));
    }

    private static void AddFiles(List<string> parts, TorrentDetails details, int first, int last)
    {
        List<string> names = [.. details.Files.Where(file => file.Length > 0 && file.FirstPiece <= last && file.LastPiece >= first).Select(NameOf)];
        if (names.Count > 0)
        {
            var shown = string.Join(", ", names.Take(MostFiles));
            parts.Add(names.Count > MostFiles ? Text.T("pieces.files-more", shown, names.Count - MostFiles) : Text.T(names.Count == 1 ? "pieces.file" : "pieces.files", shown));
        }
    }
}
