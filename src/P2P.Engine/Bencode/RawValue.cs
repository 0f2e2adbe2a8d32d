using System.Buffers.Text;
using System.Text;

namespace P2P.Engine.Bencode;

/// <summary>One value inside bytes that a reader has accepted; nothing is built until it is asked for.</summary>
/// <remarks>The default value stands for "absent" (<see cref="BencodeKind.None"/>). The bytes must not change.</remarks>
internal readonly struct RawValue
{
    private readonly ReadOnlyMemory<byte> _input;

    private RawValue(ReadOnlyMemory<byte> input, BencodeKind kind, int offset, int length)
    {
        _input = input;
        (Kind, Offset, Length) = (kind, offset, length);
    }

    /// <summary>What it is; <see cref="BencodeKind.None"/> when absent.</summary>
    public BencodeKind Kind { get; }

    /// <summary>Is there a value at all?</summary>
    public bool IsPresent => Kind != BencodeKind.None;

    /// <summary>Where it begins in the whole input, in bytes.</summary>
    public int Offset { get; }

    /// <summary>Bytes it takes, prefix and end included.</summary>
    public int Length { get; }

    /// <summary>Its exact bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _input.Slice(Offset, Length);

    /// <summary>The number, or null when it is none.</summary>
    public long? Number
    {
        get
        {
            if (Kind != BencodeKind.Number)
            {
                return null;
            }

            Utf8Parser.TryParse(Bytes.Span[1..], out long value, out _);
            return value;
        }
    }

    /// <summary>The string's bytes, or null when it is none.</summary>
    public ReadOnlyMemory<byte>? Text
    {
        get
        {
            if (Kind != BencodeKind.String)
            {
                return null;
            }

            var colon = Bytes.Span.IndexOf((byte)':');
            return Bytes[(colon + 1)..];
        }
    }

    /// <summary>The value that begins at <paramref name="offset"/> of accepted bytes.</summary>
    public static RawValue At(ReadOnlyMemory<byte> input, int offset) =>
        new(input, KindOf(input.Span[offset]), offset, EndOf(input.Span, offset) - offset);

    /// <summary>Looks up several ASCII keys of a dictionary in one pass; absent ones stay default. Does nothing when it is no dictionary.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="found">As long as <paramref name="keys"/>; all default before.</param>
    public void Pick(ReadOnlySpan<string> keys, Span<RawValue> found)
    {
        foreach (var (name, value) in Entries)
        {
            for (var i = 0; i < keys.Length; i++)
            {
                if (name.Length == keys[i].Length && Ascii.Equals(name, keys[i]))
                {
                    found[i] = value;
                    break;
                }
            }
        }
    }

    /// <summary>The entries of a dictionary; none when it is something else.</summary>
    public RawItems Entries => new(_input, Offset, Kind, wanted: BencodeKind.Dictionary);

    /// <summary>The items of a list (their keys empty); none when it is something else.</summary>
    public RawItems Items => new(_input, Offset, Kind, wanted: BencodeKind.List);

    private static BencodeKind KindOf(byte first) => first switch
    {
        (byte)'i' => BencodeKind.Number,
        (byte)'l' => BencodeKind.List,
        (byte)'d' => BencodeKind.Dictionary,
        _ => BencodeKind.String,
    };

    /// <summary>First offset after the value at <paramref name="position"/>: accepted bytes need no checks, so this only counts.</summary>
    private static int EndOf(ReadOnlySpan<byte> input, int position)
    {
        var depth = 0;
        do
        {
            switch (input[position])
            {
                case (byte)'l' or (byte)'d':
                    depth++;
                    position++;
                    break;
                case (byte)'e':
                    depth--;
                    position++;
                    break;
                case (byte)'i':
                    position += input[position..].IndexOf((byte)'e') + 1;
                    break;
                default:
                    position = TextOf(input, position, out var length) + length;
                    break;
            }
        }
        while (depth > 0);
        return position;
    }

    private static int TextOf(ReadOnlySpan<byte> input, int position, out int length)
    {
        length = 0;
        for (; input[position] != ':'; position++)
        {
            length = (length * 10) + input[position] - '0';
        }

        return position + 1;
    }

    /// <summary>Walks a list or dictionary by foreach.</summary>
    internal ref struct RawItems
    {
        private readonly ReadOnlyMemory<byte> _input;
        private readonly ReadOnlySpan<byte> _span;
        private readonly bool _isDictionary;
        private int _position; // of the next entry, or of the end; 0 when there is nothing to walk

        internal RawItems(ReadOnlyMemory<byte> input, int offset, BencodeKind kind, BencodeKind wanted)
        {
            (_input, _isDictionary) = (input, wanted == BencodeKind.Dictionary);
            _span = input.Span;
            _position = kind == wanted ? offset + 1 : 0;
        }

        /// <summary>The entry stood on.</summary>
        public RawEntry Current { get; private set; }

        /// <summary>Itself, for foreach.</summary>
        public readonly RawItems GetEnumerator() => this;

        /// <summary>Goes to the next entry.</summary>
        public bool MoveNext()
        {
            if (_position == 0 || _span[_position] == 'e')
            {
                return false;
            }

            var key = ReadOnlySpan<byte>.Empty;
            if (_isDictionary)
            {
                _position = TextOf(_span, _position, out var length);
                key = _span.Slice(_position, length);
                _position += length;
            }

            var value = At(_input, _position);
            _position += value.Length;
            Current = new RawEntry(key, value);
            return true;
        }
    }
}

/// <summary>A key and its value.</summary>
internal readonly ref struct RawEntry(ReadOnlySpan<byte> key, RawValue value)
{
    /// <summary>The key's bytes; empty in a list.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    /// <summary>The value.</summary>
    public RawValue Value { get; } = value;

    /// <summary>Takes it apart.</summary>
    public void Deconstruct(out ReadOnlySpan<byte> key, out RawValue value)
    {
        key = Key;
        value = Value;
    }
}
