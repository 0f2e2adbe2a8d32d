using System.Buffers.Binary;
using System.Text;

namespace P2P.Engine.Session.History;

/// <summary>Writes the fields of a frame: numbers of 1 to 9 bytes (7 bits each, low first), signed ones of 8, little-endian, texts with their length before.</summary>
internal sealed class FieldWriter
{
    private readonly MemoryStream _bytes = new();

    /// <summary>One byte.</summary>
    public FieldWriter Byte(int value)
    {
        _bytes.WriteByte(checked((byte)value));
        return this;
    }

    /// <summary>A number of 0 or more; below 0 is written as 0.</summary>
    public FieldWriter Number(long value)
    {
        var rest = (ulong)Math.Max(0, value);
        for (; rest >= 0x80; rest >>= 7)
        {
            _bytes.WriteByte((byte)(rest | 0x80));
        }

        _bytes.WriteByte((byte)rest);
        return this;
    }

    /// <summary>Any number.</summary>
    public FieldWriter Signed(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Bytes whose length the reader knows.</summary>
    public FieldWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>A text of at most <paramref name="maxBytes"/> of UTF-8; what is over is cut at a character.</summary>
    public FieldWriter Text(string text, int maxBytes)
    {
        var end = text.Length;
        while (Encoding.UTF8.GetByteCount(text.AsSpan(0, end)) > maxBytes)
        {
            end -= end > 1 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;
        }

        var bytes = Encoding.UTF8.GetBytes(text[..end]);
        return Number(bytes.Length).Raw(bytes);
    }

    /// <summary>What was written.</summary>
    public byte[] ToArray() => _bytes.ToArray();
}
