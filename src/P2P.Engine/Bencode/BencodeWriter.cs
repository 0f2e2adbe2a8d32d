using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace P2P.Engine.Bencode;

/// <summary>Prints bencoding value by value; what it printed, when nothing is open, is one canonical value.</summary>
/// <remarks>
/// Dictionaries are streamed, so keys must come in ascending byte order: a key out of order, twice, or where none belongs is a bug
/// of the caller and an <see cref="InvalidOperationException"/>. Not thread-safe. Source: BEP 3.
/// </remarks>
internal sealed class BencodeWriter(IBufferWriter<byte> output)
{
    private const int MaxNumberLength = 22; // "i-9223372036854775808e"

    private readonly Stack<Container> _open = [];
    private bool _isDone;

    /// <summary>One value is printed and nothing is open.</summary>
    public bool IsComplete => _isDone;

    /// <summary>Prints a number.</summary>
    public void WriteNumber(long value)
    {
        BeforeValue();
        var span = output.GetSpan(MaxNumberLength);
        span[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, span[1..], out var written);
        span[written + 1] = (byte)'e';
        output.Advance(written + 2);
    }

    /// <summary>Prints a byte string.</summary>
    public void WriteString(ReadOnlySpan<byte> value)
    {
        BeforeValue();
        Text(value);
    }

    /// <summary>Prints text as UTF-8.</summary>
    public void WriteString(string value) => WriteString(Encoding.UTF8.GetBytes(value));

    /// <summary>Copies one value that is bencoded already, for example the exact bytes of an info dictionary.</summary>
    public void WriteEncoded(ReadOnlySpan<byte> value)
    {
        BeforeValue();
        output.Write(value);
    }

    /// <summary>Begins a list; <see cref="End"/> closes it.</summary>
    public void BeginList() => Begin(isDictionary: false, (byte)'l');

    /// <summary>Begins a dictionary; <see cref="End"/> closes it.</summary>
    public void BeginDictionary() => Begin(isDictionary: true, (byte)'d');

    /// <summary>Prints a key of the innermost dictionary; its value comes next. Keys ascend, byte by byte.</summary>
    public void WriteKey(ReadOnlySpan<byte> key)
    {
        if (!_open.TryPeek(out var container) || !container.IsDictionary || container.HasKey)
        {
            throw new InvalidOperationException("No key belongs here.");
        }

        if (container.LastKey is { } last && last.AsSpan().SequenceCompareTo(key) >= 0)
        {
            throw new InvalidOperationException($"Key '{Encoding.UTF8.GetString(key)}' comes after '{Encoding.UTF8.GetString(last)}'.");
        }

        container.LastKey = key.ToArray();
        container.HasKey = true;
        Text(key);
    }

    /// <summary>Prints a key and a number.</summary>
    public void Write(ReadOnlySpan<byte> key, long value)
    {
        WriteKey(key);
        WriteNumber(value);
    }

    /// <summary>Prints a key and a byte string.</summary>
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        WriteKey(key);
        WriteString(value);
    }

    /// <summary>Prints a key and text as UTF-8.</summary>
    public void Write(ReadOnlySpan<byte> key, string value)
    {
        WriteKey(key);
        WriteString(value);
    }

    /// <summary>Closes the innermost list or dictionary.</summary>
    public void End()
    {
        if (!_open.TryPop(out var container) || container.HasKey)
        {
            throw new InvalidOperationException("Nothing is open, or the last key has no value.");
        }

        output.Write("e"u8);
        _isDone = _open.Count == 0;
    }

    private void Begin(bool isDictionary, byte mark)
    {
        BeforeValue();
        output.Write([mark]);
        _open.Push(new Container { IsDictionary = isDictionary });
        _isDone = false;
    }

    private void BeforeValue()
    {
        if (_open.TryPeek(out var container))
        {
            if (container.IsDictionary != container.HasKey)
            {
                throw new InvalidOperationException("A value in a dictionary needs its key first.");
            }

            container.HasKey = false;
            return;
        }

        if (_isDone)
        {
            throw new InvalidOperationException("One value is printed already.");
        }

        _isDone = true;
    }

    private void Text(ReadOnlySpan<byte> value)
    {
        var span = output.GetSpan(MaxNumberLength);
        Utf8Formatter.TryFormat(value.Length, span, out var written);
        span[written] = (byte)':';
        output.Advance(written + 1);
        output.Write(value);
    }

    /// <summary>One open list or dictionary.</summary>
    private sealed class Container
    {
        public bool IsDictionary;
        public bool HasKey; // a key was printed, its value not yet
        public byte[]? LastKey;
    }
}
