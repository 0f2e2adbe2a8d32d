using System.Buffers;
using System.Text;
using CsCheck;
using P2P.Engine.Bencode;
using Xunit;

namespace P2P.Engine.Tests.Bencode;

/// <summary>What the writer prints the reader reads, and nothing makes the reader throw anything but its own error.</summary>
public sealed class BencodeRoundTripTests
{
    /// <summary>Random values as nested objects: long, byte[], List, SortedDictionary by byte order.</summary>
    private static readonly Gen<object> Values = Gen.Recursive<object>((depth, self) =>
    {
        var number = Gen.Long.Select(value => (object)value);
        var text = Gen.Byte.Array[0, 12].Select(value => (object)value);
        if (depth >= 4)
        {
            return Gen.OneOf(number, text);
        }

        var list = self.List[0, 5].Select(items => (object)items);
        var dictionary = Gen.Select(Gen.String[Gen.Char['a', 'f'], 0, 3].Array[0, 5], self.Array[5], (keys, values) =>
            (object)new SortedDictionary<string, object>(keys.Distinct().Select((key, i) => (key, i)).ToDictionary(p => p.key, p => values[p.i]), StringComparer.Ordinal));
        return Gen.OneOf(number, text, list, dictionary);
    });

    [Fact]
    public void Parse_WhatTheWriterPrinted_IsTheSameValue() => Values.Sample(
        value =>
        {
            var printed = Print(value);
            var parsed = BValue.Parse(printed, BencodeLimits.File);
            return Describe(parsed) == Describe(value) && parsed.RawBytes.Span.SequenceEqual(printed);
        },
        iter: 2_000);

    [Fact]
    public void Parse_MutatedBytes_ThrowsOnlyItsOwnError() => Gen.Select(Values, Gen.Int[0, 1_000], Gen.Byte, Gen.Int[0, 2]).Sample(
        (value, place, cell, kind) =>
        {
            var bytes = Print(value);
            var at = place % bytes.Length;
            byte[] mutated = kind switch
            {
                0 => [.. bytes[..at], cell, .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], .. bytes[(at + 1)..]],
                _ => [.. bytes[..at], cell, .. bytes[at..]],
            };
            return BValue.TryParse(mutated, BencodeLimits.Wire, out _, out var error) || error.Offset <= mutated.Length;
        },
        iter: 5_000);

    [Fact]
    public void Parse_RandomBytes_ThrowsOnlyItsOwnError() =>
        Gen.Int[0, 15].Select(i => "ilde0123456789:-"u8[i]).Array[0, 40].Sample(
            bytes => BValue.TryParse(bytes, BencodeLimits.Wire, out _, out var error) || error.Offset <= bytes.Length,
            iter: 20_000);

    [Fact]
    public void FindDuplicate_RandomKeys_AgreesWithASet() => Gen.String[Gen.Char['a', 'e'], 0, 2].Array[0, 40].Sample(
        keys =>
        {
            var bytes = Encoding.ASCII.GetBytes("d" + string.Concat(keys.Select(key => $"{key.Length}:{key}i0e")) + "e");
            var isUnique = keys.Distinct().Count() == keys.Length;
            return BValue.TryParse(bytes, BencodeLimits.Wire, out _, out var error) ? isUnique : !isUnique && error.Code == BencodeError.DuplicateKey;
        },
        iter: 5_000);

    [Fact]
    public void Writer_MisuseByTheCaller_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.BeginDictionary(); w.Write("b"u8, 1); w.WriteKey("a"u8); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.BeginDictionary(); w.Write("a"u8, 1); w.WriteKey("a"u8); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.BeginDictionary(); w.WriteNumber(1); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.BeginDictionary(); w.WriteKey("a"u8); w.End(); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.BeginList(); w.WriteKey("a"u8); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => { w.WriteNumber(1); w.WriteNumber(2); }));
        Assert.Throws<InvalidOperationException>(() => Write(w => w.End()));
    }

    [Fact]
    public void Writer_EveryCall_PrintsCanonicalBytes() => Assert.Equal(
        "d0:i-9223372036854775808e1:al0:dee1:b3:\u00e9x2:zz4:spame",
        Encoding.UTF8.GetString(Write(w =>
        {
            w.BeginDictionary();
            w.Write(""u8, long.MinValue);
            w.WriteKey("a"u8);
            w.BeginList();
            w.WriteString(""u8);
            w.BeginDictionary();
            w.End();
            w.End();
            w.Write("b"u8, "\u00e9x");
            w.WriteKey("zz"u8);
            w.WriteEncoded("4:spam"u8);
            w.End();
        })));

    private static byte[] Write(Action<BencodeWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new BencodeWriter(output));
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Print(object value) => Write(writer => Print(writer, value));

    private static void Print(BencodeWriter writer, object value)
    {
        switch (value)
        {
            case long number:
                writer.WriteNumber(number);
                break;
            case byte[] text:
                writer.WriteString(text);
                break;
            case List<object> list:
                writer.BeginList();
                list.ForEach(item => Print(writer, item));
                writer.End();
                break;
            case SortedDictionary<string, object> dictionary:
                writer.BeginDictionary();
                foreach (var (key, item) in dictionary)
                {
                    writer.WriteKey(Encoding.ASCII.GetBytes(key));
                    Print(writer, item);
                }

                writer.End();
                break;
            default:
                throw new InvalidOperationException(value.GetType().Name);
        }
    }

    private static string Describe(object value) => value switch
    {
        long number => $"i{number}",
        BNumber number => $"i{number.Value}",
        byte[] text => Convert.ToHexString(text),
        BString text => Convert.ToHexString(text.Span),
        BList list => $"[{string.Join(',', list.Select(Describe))}]",
        BDictionary dictionary => $"{{{string.Join(',', dictionary.Select(entry => $"{entry.Key}={Describe(entry.Value)}"))}}}",
        List<object> list => $"[{string.Join(',', list.Select(Describe))}]",
        SortedDictionary<string, object> dictionary => $"{{{string.Join(',', dictionary.Select(entry => $"{entry.Key}={Describe(entry.Value)}"))}}}",
        _ => throw new InvalidOperationException(value.GetType().Name),
    };
}
