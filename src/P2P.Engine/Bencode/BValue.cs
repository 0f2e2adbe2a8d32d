using System.Diagnostics.CodeAnalysis;

namespace P2P.Engine.Bencode;

/// <summary>A bencoded value as a tree: <see cref="BString"/>, <see cref="BNumber"/>, <see cref="BList"/> or <see cref="BDictionary"/>. Immutable.</summary>
/// <remarks>
/// For messages (trackers, extensions). The tree points into the parsed bytes and keeps them alive; they must not change.
/// .torrent files of millions of values are read by <see cref="BencodeReader"/> and <see cref="RawValue"/> instead, which build nothing.
/// </remarks>
internal abstract class BValue
{
    private protected BValue(ReadOnlyMemory<byte> raw) => RawBytes = raw;

    /// <summary>The exact bytes of the value as read; hashes are taken over these.</summary>
    public ReadOnlyMemory<byte> RawBytes { get; }

    /// <summary>Parses one value that fills <paramref name="input"/> exactly; throws <see cref="BencodeException"/>.</summary>
    public static BValue Parse(ReadOnlyMemory<byte> input, BencodeLimits limits)
    {
        var value = ParsePrefix(input, limits, out var length);
        return length == input.Length
            ? value
            : throw new BencodeException(BencodeError.Trailing, length, "There are bytes after the end of the value.");
    }

    /// <summary>Parses a copy, so that the caller's buffer is free again at once.</summary>
    public static BValue ParseCopy(ReadOnlySpan<byte> input, BencodeLimits limits) => Parse(input.ToArray().AsMemory(), limits);

    /// <summary>Parses the value at the start; <paramref name="length"/> says how long it is (a ut_metadata piece follows its dictionary, BEP 9).</summary>
    public static BValue ParsePrefix(ReadOnlyMemory<byte> input, BencodeLimits limits, out int length)
    {
        var reader = new BencodeReader(input.Span, limits);
        var open = new Stack<Building>();
        BValue? finished = null;
        BString? key = null;
        while (reader.Read())
        {
            var raw = input[reader.Offset..reader.Position];
            switch (reader.Kind)
            {
                case BencodeKind.List or BencodeKind.Dictionary:
                    open.Push(new Building(reader.Offset, key, reader.Kind == BencodeKind.Dictionary));
                    key = null;
                    continue;
                case BencodeKind.String when reader.IsKey:
                    key = Text(in reader, raw);
                    continue;
                case BencodeKind.String:
                    finished = Text(in reader, raw);
                    break;
                case BencodeKind.Number:
                    finished = new BNumber(reader.Number, raw);
                    break;
                default:
                    var closed = open.Pop();
                    finished = closed.Finish(input[closed.Offset..reader.Position]);
                    key = closed.Key;
                    break;
            }

            if (open.TryPeek(out var parent))
            {
                parent.Add(key, finished);
                key = null;
            }
        }

        length = reader.Position;
        return finished!; // the reader ends only after a whole value

        BString Text(in BencodeReader at, ReadOnlyMemory<byte> raw) => new(input.Slice(at.TextOffset, at.Text.Length), raw);
    }

    /// <summary>Like <see cref="Parse"/>, with the fault returned instead of thrown.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> input, BencodeLimits limits, [NotNullWhen(true)] out BValue? value, [NotNullWhen(false)] out BencodeException? error)
    {
        try
        {
            (value, error) = (Parse(input, limits), null);
            return true;
        }
        catch (BencodeException fault)
        {
            (value, error) = (null, fault);
            return false;
        }
    }

    /// <summary>A list or dictionary not closed yet.</summary>
    private sealed class Building(int offset, BString? key, bool isDictionary)
    {
        private readonly List<BValue> _values = [];
        private readonly List<BString> _keys = [];

        public int Offset { get; } = offset;

        /// <summary>The key it stands under in its parent.</summary>
        public BString? Key { get; } = key;

        public void Add(BString? name, BValue value)
        {
            if (name is not null)
            {
                _keys.Add(name);
            }

            _values.Add(value);
        }

        public BValue Finish(ReadOnlyMemory<byte> raw) => isDictionary ? new BDictionary(_keys, _values, raw) : new BList(_values, raw);
    }
}

/// <summary>A number.</summary>
internal sealed class BNumber(long value, ReadOnlyMemory<byte> raw) : BValue(raw)
{
    /// <summary>64 signed bits.</summary>
    public long Value { get; } = value;
}
