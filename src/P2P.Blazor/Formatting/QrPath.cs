using System.Globalization;
using System.Text;
using QRCoder;

namespace P2P.Blazor.Formatting;

/// <summary>A text as a QR code, drawn as one SVG path of unit squares. Pure.</summary>
/// <param name="Size">Squares per side, the quiet zone of four on each side included.</param>
/// <param name="Path">The dark squares, for the attribute "d".</param>
internal sealed record QrPath(int Size, string Path)
{
    /// <summary>Longest text, bytes of UTF-8: version 40 with the lowest error correction holds 2,953.</summary>
    public const int MaxBytes = 2_953;

    /// <summary>The code; null for a text that is too long for one.</summary>
    public static QrPath? Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length is 0 or > MaxBytes)
        {
            return null;
        }

        // Up to some 600 bytes a code of medium correction is still read from a screen at arm's length.
        using var code = QRCodeGenerator.GenerateQrCode(bytes, bytes.Length <= 600 ? QRCodeGenerator.ECCLevel.M : QRCodeGenerator.ECCLevel.L);
        var rows = code.ModuleMatrix;
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Count; x++)
            {
                var begin = x;
                while (x < rows[y].Count && rows[y][x])
                {
                    x++;
                }

                if (x > begin)
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{begin} {y}h{x - begin}v1h-{x - begin}z");
                }
            }
        }

        return new QrPath(rows.Count, path.ToString());
    }
}
