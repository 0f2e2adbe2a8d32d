using System.Text;
using P2P.Engine.Bencode;
using Xunit;

namespace P2P.Engine.Tests.Bencode;

/// <summary>The tree for messages and the positions for files.</summary>
public sealed class BValueTests
{
    [Fact]
    public void Get_AnyOrderOfKeys_FindsValuesAndTakesWrongTypesAsAbsent()
    {
        var dictionary = (BDictionary)BValue.Parse("d1:ci3e1:a1:x1:bl1:yee"u8.ToArray(), BencodeLimits.Wire);

        Assert.Equal(3, dictionary.GetNumber("c"u8));
        Assert.Equal("x", dictionary.GetString("a"u8)?.ToString());
        Assert.Equal("y", Assert.Single(dictionary.GetList("b"u8)!).ToString());
        Assert.Null(dictionary.GetNumber("a"u8));
        Assert.Null(dictionary.GetDictionary("c"u8));
        Assert.Null(dictionary.Get("d"u8));
        Assert.Equal(["a", "b", "c"], dictionary.Select(entry => entry.Key.ToString()));
    }

    [Fact] // R-B04
    public void RawBytes_UnsortedInnerDictionary_AreTheExactBytes()
    {
        var dictionary = (BDictionary)BValue.Parse("d4:infod1:b0:1:a0:e1:zi1ee"u8.ToArray(), BencodeLimits.Wire);

        Assert.Equal("d1:b0:1:a0:e", Encoding.ASCII.GetString(dictionary.GetDictionary("info"u8)!.RawBytes.Span));
        Assert.Equal("i1e", Encoding.ASCII.GetString(dictionary.Get("z"u8)!.RawBytes.Span));
    }

    [Fact] // BEP 9: data follows the dictionary
    public void ParsePrefix_BytesAfterTheValue_SaysWhereTheyBegin()
    {
        var value = BValue.ParsePrefix("d8:msg_typei1eedata"u8.ToArray(), BencodeLimits.Wire, out var length);

        Assert.Equal(1, ((BDictionary)value).GetNumber("msg_type"u8));
        Assert.Equal(15, length);
    }

    [Fact]
    public void ParseCopy_CallersBufferReused_TreeIsUnharmed()
    {
        var buffer = "4:spam"u8.ToArray();
        var value = BValue.ParseCopy(buffer, BencodeLimits.Wire);
        Array.Clear(buffer);

        Assert.Equal("spam", value.ToString());
    }

    [Fact]
    public void Pick_KnownKeys_GivesKindsOffsetsAndValues()
    {
        var bytes = "d1:ai-5e1:bl0:2:xye1:cd1:d0:e1:e4:spame"u8.ToArray();
        var found = new RawValue[5];
        RawValue.At(bytes, 0).Pick(["a", "b", "c", "e", "missing"], found);

        Assert.Equal(-5, found[0].Number);
        Assert.Null(found[0].Text);
        Assert.Equal("l0:2:xye", Encoding.ASCII.GetString(found[1].Bytes.Span));
        Assert.Equal(BencodeKind.Dictionary, found[2].Kind);
        Assert.Equal("spam", Encoding.ASCII.GetString(found[3].Text!.Value.Span));
        Assert.False(found[4].IsPresent);
        var items = new List<string>();
        foreach (var (_, item) in found[1].Items)
        {
            items.Add($"{item.Offset}:{Encoding.ASCII.GetString(item.Text!.Value.Span)}");
        }

        Assert.Equal(["12:", "14:xy"], items);
        foreach (var _ in found[0].Items)
        {
            Assert.Fail("a number has no items");
        }
    }
}
