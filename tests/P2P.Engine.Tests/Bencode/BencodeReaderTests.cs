using System.Globalization;
using System.Text;
using P2P.Engine.Bencode;
using Xunit;

namespace P2P.Engine.Tests.Bencode;

/// <summary>Rows B01 to B27 of the catalogue of bad inputs: code and exact offset, the same from reader and tree.</summary>
public sealed class BencodeReaderTests
{
    private const string Utf8Three = "\u0663";
    private const string Utf8Minus = "\u2212";

    /// <summary>Row, input (Latin-1 text of the bytes, or UTF-8 where marked), code or null for accepted, offset.</summary>
    public static TheoryData<string, string, string?, int> Rows => new()
    {
        { "B01", "", "bencode.eof", 0 },
        { "B02", "d", "bencode.eof", 1 },
        { "B02", "l", "bencode.eof", 1 },
        { "B02", "d1:a", "bencode.eof", 4 },
        { "B02", "i12", "bencode.eof", 3 },
        { "B02", "5:abc", "bencode.eof", 5 },
        { "B02", "12", "bencode.eof", 2 },
        { "B02", "i-", "bencode.eof", 2 },
        { "B03", "ie", "bencode.int", 1 },
        { "B03", "i-e", "bencode.int", 2 },
        { "B03", "i--1e", "bencode.int", 2 },
        { "B04", "i-0e", "bencode.int", 2 },
        { "B04", "i03e", "bencode.int", 2 },
        { "B04", "i-03e", "bencode.int", 2 },
        { "B04", "i00e", "bencode.int", 2 },
        { "B05", "i+1e", "bencode.int", 1 },
        { "B05", "i 1e", "bencode.int", 1 },
        { "B05", "i1 e", "bencode.int", 2 },
        { "B05", "i1.0e", "bencode.int", 2 },
        { "B05", "i0x1e", "bencode.int", 2 },
        { "B05", "i1e5e", "bencode.trailing", 3 },
        { "B06", "i9223372036854775807e", null, 0 },
        { "B06", "i-9223372036854775808e", null, 0 },
        { "B06", "i0e", null, 0 },
        { "B07", "i9223372036854775808e", "bencode.int_overflow", 19 },
        { "B07", "i-9223372036854775809e", "bencode.int_overflow", 20 },
        { "B07", "i10000000000000000000e", "bencode.int_overflow", 20 },
        { "B08", "i" + Repeat("9", 1_000_000) + "e", "bencode.int_overflow", 19 },
        { "B10", "-1:a", "bencode.syntax", 0 },
        { "B10", "+1:a", "bencode.syntax", 0 },
        { "B10", " 1:a", "bencode.syntax", 0 },
        { "B11", "05:abcde", "bencode.strlen", 1 },
        { "B11", "00:", "bencode.strlen", 1 },
        { "B11", "0:", null, 0 },
        { "B11", "5x:abcde", "bencode.strlen", 1 },
        { "B12", "99999999999:a", "bencode.strlen", 10 },
        { "B13", "4294967301:abcde", "bencode.eof", 16 },
        { "B13", "2147483653:abcde", "bencode.eof", 16 },
        { "B14", "1000000000:" + Repeat("x", 20), "bencode.eof", 31 },
        { "B15", Repeat("0", 1_000_000) + ":", "bencode.strlen", 1 },
        { "B16", Repeat("l", 100) + Repeat("e", 100), null, 0 },
        { "B17", Repeat("l", 101) + Repeat("e", 101), "bencode.depth", 100 },
        { "B18", Repeat("l", 1_000_000), "bencode.depth", 100 },
        { "B19", Repeat("d1:a", 1_000_000), "bencode.depth", 400 },
        { "B20", "d1:a" + Repeat("l", 100) + Repeat("e", 100) + "4:infodee", "bencode.depth", 103 },
        { "B22", "d1:a1:x1:a1:ye", "bencode.duplicate_key", 7 },
        { "B22", "d1:b0:1:a0:1:b0:e", "bencode.duplicate_key", 11 },
        { "B22", "d1:c0:1:b0:1:a0:1:b0:1:c0:e", "bencode.duplicate_key", 16 },
        { "B22", "d1:bd1:ai1e1:bi1ee1:ad1:bi1ee1:b0:e", "bencode.duplicate_key", 29 },
        { "B22", "d1:bd1:ai1e1:bi1ee1:ad1:bi1eee", null, 0 },
        { "B23", "d1:b0:1:a0:e", null, 0 },
        { "B24", "di1e1:ae", "bencode.syntax", 1 },
        { "B24", "dle1:ae", "bencode.syntax", 1 },
        { "B24", "d1:ae", "bencode.syntax", 4 },
        { "B24", "x", "bencode.syntax", 0 },
        { "B24", "e", "bencode.syntax", 0 },
        { "B25", "d0:1:xe", null, 0 },
        { "B25", "d3:a\0b1:xe", null, 0 },
        { "B25", "d1048576:" + Repeat("k", 1_048_576) + "1:xe", null, 0 },
        { "B26", "d1:a1:be" + "xyz", "bencode.trailing", 8 },
        { "B26", "d1:a1:be" + "\r\n", "bencode.trailing", 8 },
        { "B27", "\u00EF\u00BB\u00BFd1:a1:be", "bencode.syntax", 0 },
    };

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void Read_Row_EndsAsTheCatalogueSays(string row, string input, string? code, int offset)
    {
        var bytes = Encoding.Latin1.GetBytes(input);

        Assert.Equal((row, code, offset), Outcome(row, () => new BencodeReader(bytes, BencodeLimits.File).ReadToEnd()));
        Assert.Equal((row, code, offset), Outcome(row, () => BValue.Parse(bytes, BencodeLimits.File)));
        Assert.Equal(code is null, BValue.TryParse(bytes, BencodeLimits.File, out _, out var error));
        Assert.Equal(code, error?.Code);
    }

    [Theory]
    [InlineData("B09", "i" + Utf8Three + "e", "bencode.int", 1)]
    [InlineData("B09", "i" + Utf8Minus + "1e", "bencode.int", 1)]
    [InlineData("B09", Utf8Three + ":abc", "bencode.syntax", 0)]
    [InlineData("B09", "1" + Utf8Three + ":abc", "bencode.strlen", 1)]
    public void Read_DigitsOfOtherScripts_AreNoDigitsInAnyCulture(string row, string input, string code, int offset)
    {
        // The build has no culture data, so each culture's habits are given by hand: minus sign and native digits.
        foreach (var minus in new[] { "-", Utf8Minus, "\u061C-", "\u200E-" })
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NegativeSign = minus;
            culture.NumberFormat.NativeDigits = ["\u0660", "\u0661", "\u0662", "\u0663", "\u0664", "\u0665", "\u0666", "\u0667", "\u0668", "\u0669"];
            var before = CultureInfo.CurrentCulture;
            try
            {
                CultureInfo.CurrentCulture = culture;
                Assert.Equal((row, code, offset), Outcome(row, () => BValue.Parse(Encoding.UTF8.GetBytes(input), BencodeLimits.Wire)));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }

    [Fact] // B17, B21 and the wire's share of them
    public void Read_AtAndPastEachLimit_AcceptsThenRefuses()
    {
        Assert.Null(Outcome("", () => Parse(Repeat("l", 16) + Repeat("e", 16), BencodeLimits.Wire)).Code);
        Assert.Equal(("", "bencode.depth", 16), Outcome("", () => Parse(Repeat("l", 17) + Repeat("e", 17), BencodeLimits.Wire)));
        Assert.Null(Outcome("", () => Parse("l" + Repeat("0:", 19_999) + "e", BencodeLimits.Wire)).Code);
        Assert.Equal(("", "bencode.tokens", 1 + (2 * 19_999)), Outcome("", () => Parse("l" + Repeat("0:", 20_000) + "e", BencodeLimits.Wire)));

        var many = Encoding.Latin1.GetBytes("l" + Repeat("0:", 5_000_001) + "e");
        Assert.Equal(("B21", "bencode.tokens", 1 + (2 * 4_999_999)), Outcome("B21", () => new BencodeReader(many, BencodeLimits.File).ReadToEnd()));
    }

    [Fact] // B18, R-B01
    public void Read_MillionListsOnASmallStack_IsAnErrorAndNotACrash()
    {
        var input = Encoding.Latin1.GetBytes(Repeat("l", 1_000_000));
        var codes = new List<string?>();
        var thread = new Thread(
            () =>
            {
                codes.Add(Outcome("", () => new BencodeReader(input, BencodeLimits.File).ReadToEnd()).Code);
                codes.Add(Outcome("", () => BValue.Parse(input, BencodeLimits.File)).Code);
            },
            maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal(["bencode.depth", "bencode.depth"], codes);
    }

    [Fact] // B14
    public void Read_LengthBeyondTheInput_AllocatesNothingByIt()
    {
        var input = Encoding.Latin1.GetBytes("1000000000:" + Repeat("x", 20));
        Outcome("", () => BValue.Parse(input, BencodeLimits.File));

        var before = GC.GetAllocatedBytesForCurrentThread();
        Outcome("", () => BValue.Parse(input, BencodeLimits.File));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
    }

    [Theory] // R-B02
    [InlineData("list of empty strings")]
    [InlineData("sorted keys")]
    [InlineData("unsorted keys")]
    [InlineData("nested dictionaries")]
    public void Read_AnyShape_AllocatesAtMostThreeTimesTheInput(string shape)
    {
        var text = new StringBuilder();
        switch (shape)
        {
            case "list of empty strings":
                text.Append('l').Insert(1, "0:", 2_000_000).Append('e');
                break;
            case "nested dictionaries":
                text.Append('l');
                for (var i = 0; i < 20_000; i++)
                {
                    text.Append(string.Concat(Enumerable.Repeat("d1:b", 50))).Append("0:").Append(string.Concat(Enumerable.Repeat("1:a0:e", 50)));
                }

                text.Append('e');
                break;
            default:
                text.Append('d');
                for (var i = 0; i < 600_000; i++)
                {
                    var key = shape == "sorted keys" ? i : 999_999 - i;
                    text.Append("6:").Append(key.ToString("D6", CultureInfo.InvariantCulture)).Append("0:");
                }

                text.Append('e');
                break;
        }

        var input = Encoding.Latin1.GetBytes(text.ToString());
        new BencodeReader("de"u8, BencodeLimits.File).ReadToEnd();

        var before = GC.GetAllocatedBytesForCurrentThread();
        new BencodeReader(input, BencodeLimits.File).ReadToEnd();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (3L * input.Length) + 1_048_576);
    }

    [Fact] // B23
    public void IsUnsorted_AnyDictionaryOutOfOrder_IsTold()
    {
        var sorted = new BencodeReader("d1:ad1:a0:1:b0:ee"u8, BencodeLimits.Wire);
        sorted.ReadToEnd();
        var unsorted = new BencodeReader("d1:ad1:b0:1:a0:ee"u8, BencodeLimits.Wire);
        unsorted.ReadToEnd();

        Assert.False(sorted.IsUnsorted);
        Assert.True(unsorted.IsUnsorted);
    }

    [Fact]
    public void Read_EveryKind_TellsKindPlaceAndValue()
    {
        var reader = new BencodeReader("d1:al2:xyi-7eee!"u8, BencodeLimits.Wire);
        var seen = new List<string>();
        while (reader.Read())
        {
            var value = reader.Kind switch
            {
                BencodeKind.Number => reader.Number.ToString(CultureInfo.InvariantCulture),
                BencodeKind.String => Encoding.ASCII.GetString(reader.Text) + (reader.IsKey ? "=" : ""),
                _ => "",
            };
            seen.Add($"{reader.Kind} {reader.Offset}-{reader.Position} {reader.Depth} {value}".TrimEnd());
        }

        Assert.Equal(
            ["Dictionary 0-1 1", "String 1-4 1 a=", "List 4-5 2", "String 5-9 2 xy", "Number 9-13 2 -7", "End 13-14 1", "End 14-15 0"], seen);
        Assert.Equal(15, reader.Position);
    }

    [Fact]
    public void Skip_KeyOrContainer_GoesBehindTheWholeValue()
    {
        var reader = new BencodeReader("d1:ald0:0:ei1ee1:bi5ee"u8, BencodeLimits.Wire);
        reader.Read();
        reader.Read();
        reader.Skip();
        Assert.True(reader.Read());
        Assert.True(reader.IsKey);
        Assert.Equal("b"u8, reader.Text);
        reader.Read();
        reader.Skip();
        Assert.Equal(5, reader.Number);
        Assert.True(reader.Read());
        Assert.False(reader.Read());
    }

    private static void Parse(string text, BencodeLimits limits) => BValue.Parse(Encoding.Latin1.GetBytes(text), limits);

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static (string Row, string? Code, int Offset) Outcome(string row, Action action)
    {
        try
        {
            action();
            return (row, null, 0);
        }
        catch (BencodeException fault)
        {
            return (row, fault.Code, fault.Offset);
        }
    }
}
