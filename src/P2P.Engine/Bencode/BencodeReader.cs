namespace P2P.Engine.Bencode;

/// <summary>Reads one bencoded value token by token, without recursion and without copying.</summary>
/// <remarks>
/// <c>while (reader.Read()) switch (reader.Kind) ...</c>. Everything BEP 3 forbids is a <see cref="BencodeException"/> with a stable code and
/// the exact offset, but for one thing real files do: keys out of order are read and reported by <see cref="IsUnsorted"/>. The same
/// key twice is an error. Numbers fit 64 signed bits. Source: BEP 3.
/// </remarks>
internal ref struct BencodeReader
{
    private const int MaxLengthDigits = 10;

    private readonly ReadOnlySpan<byte> _input;
    private readonly int _maxDepth;
    private readonly int _maxTokens;
    private KeyStack? _keys; // made at the first key: most values of a message have none
    private Frame[] _frames = [];
    private int _position;
    private int _tokens;
    private bool _isDone;
    private int _textOffset;
    private int _textLength;

    /// <summary>Reads from the start of <paramref name="input"/>, which stays the caller's and must not change meanwhile.</summary>
    public BencodeReader(ReadOnlySpan<byte> input, BencodeLimits limits)
    {
        _input = input;
        _maxDepth = limits.MaxDepth;
        _maxTokens = limits.MaxTokens;
    }

    /// <summary>What the last <see cref="Read"/> found.</summary>
    public BencodeKind Kind { get; private set; }

    /// <summary>Where the token begins, in bytes.</summary>
    public int Offset { get; private set; }

    /// <summary>First byte after the token.</summary>
    public readonly int Position => _position;

    /// <summary>Lists and dictionaries open after this token (one that begins counts, one that ends does not).</summary>
    public int Depth { get; private set; }

    /// <summary>Is the string a dictionary's key?</summary>
    public bool IsKey { get; private set; }

    /// <summary>The number, when <see cref="Kind"/> is <see cref="BencodeKind.Number"/>.</summary>
    public long Number { get; private set; }

    /// <summary>The string's bytes (a part of the input), when <see cref="Kind"/> is <see cref="BencodeKind.String"/>.</summary>
    public readonly ReadOnlySpan<byte> Text => _input.Slice(_textOffset, _textLength);

    /// <summary>Where <see cref="Text"/> begins in the input.</summary>
    public readonly int TextOffset => _textOffset;

    /// <summary>Did some dictionary so far have its keys out of order?</summary>
    public bool IsUnsorted { get; private set; }

    /// <summary>Goes to the next token; false when the value is complete. What follows it is at <see cref="Position"/>.</summary>
    public bool Read()
    {
        if (_isDone)
        {
            return false;
        }

        IsKey = false;
        Offset = _position;
        var first = Peek();
        if (Depth > 0)
        {
            ref var frame = ref _frames[Depth - 1];
            if (first == 'e')
            {
                Close(ref frame);
                return true;
            }

            if (frame.IsDictionary)
            {
                IsKey = !frame.HasKey;
                frame.HasKey = IsKey;
            }
        }

        if (++_tokens > _maxTokens)
        {
            throw Error(BencodeError.Tokens, Offset, $"There are more than {_maxTokens} values.");
        }

        if (first is >= (byte)'0' and <= (byte)'9')
        {
            ReadText();
            if (IsKey)
            {
                CheckKey(ref _frames[Depth - 1]);
            }
        }
        else if (IsKey)
        {
            throw Error(BencodeError.Syntax, Offset, "A dictionary's key must be a string.");
        }
        else
        {
            ReadOther(first);
        }

        _isDone = Depth == 0;
        return true;
    }

    /// <summary>Leaves the value just begun: after a list or dictionary goes to its end, after a key over its value too.</summary>
    public void Skip()
    {
        if (IsKey)
        {
            Read();
        }

        if (Kind is BencodeKind.List or BencodeKind.Dictionary)
        {
            var outside = Depth - 1;
            while (Depth > outside)
            {
                Read();
            }
        }
    }

    /// <summary>Reads to the end of the value and throws <see cref="BencodeError.Trailing"/> when anything follows it.</summary>
    public void ReadToEnd()
    {
        while (Read())
        {
        }

        if (_position < _input.Length)
        {
            throw Error(BencodeError.Trailing, _position, "There are bytes after the end of the value.");
        }
    }

    private static BencodeException Error(string code, int offset, string message) => new(code, offset, message);

    private readonly byte Peek() =>
        _position < _input.Length ? _input[_position] : throw Error(BencodeError.Eof, _input.Length, "The data ends too early.");

    private void ReadOther(byte first)
    {
        switch (first)
        {
            case (byte)'i':
                ReadNumber();
                break;
            case (byte)'l':
                Open(BencodeKind.List);
                break;
            case (byte)'d':
                Open(BencodeKind.Dictionary);
                break;
            default:
                throw Error(BencodeError.Syntax, Offset, "No value can start like this.");
        }
    }

    private void Open(BencodeKind kind)
    {
        if (Depth == _maxDepth)
        {
            throw Error(BencodeError.Depth, Offset, $"Lists and dictionaries are nested more than {_maxDepth} deep.");
        }

        if (Depth == _frames.Length)
        {
            Array.Resize(ref _frames, Math.Min(_maxDepth, Math.Max(4, _frames.Length * 2)));
        }

        _frames[Depth++] = new Frame { IsDictionary = kind == BencodeKind.Dictionary, FirstKey = _keys?.Count ?? 0 };
        Kind = kind;
        _position++;
    }

    private void Close(ref Frame frame)
    {
        if (frame.HasKey)
        {
            throw Error(BencodeError.Syntax, Offset, "A dictionary's last key has no value.");
        }

        if (frame.IsUnsorted && _keys!.FindDuplicate(frame.FirstKey, _input) is >= 0 and var duplicate)
        {
            throw Error(BencodeError.DuplicateKey, duplicate, "A dictionary has the same key twice.");
        }

        _keys?.PopTo(frame.FirstKey);
        Kind = BencodeKind.End;
        _position++;
        Depth--;
        _isDone = Depth == 0;
    }

    private void ReadText()
    {
        long length = 0;
        var position = _position;
        for (; ; position++)
        {
            if (position >= _input.Length)
            {
                throw Error(BencodeError.Eof, _input.Length, "The data ends inside the length of a string.");
            }

            var digit = _input[position];
            if (digit == ':')
            {
                break;
            }

            var digits = position - _position;
            if (digit is < (byte)'0' or > (byte)'9' || digits == MaxLengthDigits || (digits == 1 && length == 0))
            {
                throw Error(BencodeError.StrLen, position, "A string's length is not a plain decimal number.");
            }

            length = (length * 10) + digit - '0';
        }

        position++;
        if (length > _input.Length - position)
        {
            throw Error(BencodeError.Eof, _input.Length, "The data ends inside a string.");
        }

        (_textOffset, _textLength) = (position, (int)length);
        _position = position + (int)length;
        Kind = BencodeKind.String;
    }

    private void ReadNumber()
    {
        _position++;
        var isNegative = Peek() == '-';
        if (isNegative)
        {
            _position++;
        }

        // Counted downwards, because the negative range is one longer than the positive.
        var start = _position;
        long value = 0;
        for (; ; _position++)
        {
            var cell = Peek();
            var digit = cell - '0';
            if (cell == 'e' && _position > start)
            {
                break;
            }

            if ((uint)digit > 9 || (_position > start && value == 0) || (isNegative && digit == 0 && _position == start))
            {
                throw Error(BencodeError.Int, _position, "A number is not written as plain decimal digits.");
            }

            if (value < (long.MinValue + digit) / 10)
            {
                throw Error(BencodeError.IntOverflow, _position, "A number does not fit 64 bits.");
            }

            value = (value * 10) - digit;
        }

        if (!isNegative && value == long.MinValue)
        {
            throw Error(BencodeError.IntOverflow, _position - 1, "A number does not fit 64 bits.");
        }

        Number = isNegative ? value : -value;
        Kind = BencodeKind.Number;
        _position++;
    }

    private void CheckKey(ref Frame frame)
    {
        _keys ??= new KeyStack();
        if (_keys.Count > frame.FirstKey)
        {
            var order = _input.Slice(frame.LastKeyOffset, frame.LastKeyLength).SequenceCompareTo(Text);
            if (order == 0)
            {
                throw Error(BencodeError.DuplicateKey, Offset, "A dictionary has the same key twice.");
            }

            frame.IsUnsorted |= order > 0;
            IsUnsorted |= order > 0;
        }

        (frame.LastKeyOffset, frame.LastKeyLength) = (_textOffset, _textLength);
        _keys.Push(Offset);
    }

    /// <summary>One open list or dictionary.</summary>
    private struct Frame
    {
        public bool IsDictionary;
        public bool HasKey; // a key was read, its value not yet
        public bool IsUnsorted;
        public int FirstKey; // in the key stack
        public int LastKeyOffset;
        public int LastKeyLength;
    }
}
