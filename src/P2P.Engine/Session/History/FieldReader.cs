using System.Buffers.Binary;
using System.Text;

namespace P2P.Engine.Session.History;

/// <summary>Reads what <see cref="FieldWriter"/> wrote. Never throws: the first thing that cannot be makes all that follows 0 or empty, and <see cref="IsGood"/> false.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> _rest = frame;
    private bool _isBad;

    /// <summary>Everything read so far was there and within its limits.</summary>
    public readonly bool IsGood => !_isBad;

    /// <summary>Good, and nothing is left.</summary>
    public readonly bool IsAtEnd => !_isBad && _rest.IsEmpty;

    /// <summary>Says that what was read cannot be.</summary>
    public void Refuse() => _isBad = true;

    /// <summary>A byte of at most <paramref name="max"/>.</summary>
    public int Byte(int max = byte.MaxValue)
    {
        if (_isBad || _rest.IsEmpty || _rest[0] > max)
        {
            _isBad = true;
            return 0;
        }

        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    /// <summary>A value of an enum, all of whose values are 0 and up without a gap.</summary>
    public T Enum<T>()
        where T : struct, Enum => (T)System.Enum.ToObject(typeof(T), Byte(System.Enum.GetValues<T>().Length - 1));

    /// <summary>A number of 0 to <paramref name="max"/>.</summary>
    public long Number(long max = long.MaxValue)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && !_isBad; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                _isBad |= value > (ulong)max || (shift == 63 && part > 0);
                return _isBad ? 0 : (long)value;
            }
        }

        _isBad = true;
        return 0;
    }

    /// <summary>Any number.</summary>
    public long Signed() => BinaryPrimitives.TryReadInt64LittleEndian(Raw(sizeof(long)), out var value) ? value : 0;

    /// <summary>So many bytes; empty when there are fewer.</summary>
    public ReadOnlySpan<byte> Raw(int length)
    {
        if (_isBad || _rest.Length < length)
        {
            _isBad = true;
            return [];
        }

        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    /// <summary>A text of at most <paramref name="maxBytes"/>; what is not UTF-8 is replaced.</summary>
    public string Text(int maxBytes) => Encoding.UTF8.GetString(Raw((int)Number(maxBytes)));

    /// <summary>A moment in milliseconds since 1970, UTC.</summary>
    public DateTimeOffset Moment() => DateTimeOffset.FromUnixTimeMilliseconds(Number(MaxMoment));

    /// <summary>The year 9999.</summary>
    private const long MaxMoment = 253_402_300_799_999;
}
