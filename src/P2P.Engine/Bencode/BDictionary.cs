using System.Collections;

namespace P2P.Engine.Bencode;

/// <summary>Values by byte-string keys, in ascending order of the keys whatever order they were read in.</summary>
/// <remarks>The typed getters return null for a missing key and for a value of another kind: a stranger's wrong type counts as absent.</remarks>
internal sealed class BDictionary : BValue, IReadOnlyList<KeyValuePair<BString, BValue>>
{
    private readonly KeyValuePair<BString, BValue>[] _entries;

    /// <summary>Pairs up keys and values of equal number; keys are different, as the reader has checked.</summary>
    public BDictionary(List<BString> keys, List<BValue> values, ReadOnlyMemory<byte> raw)
        : base(raw)
    {
        _entries = new KeyValuePair<BString, BValue>[keys.Count];
        var isSorted = true;
        for (var i = 0; i < _entries.Length; i++)
        {
            _entries[i] = new KeyValuePair<BString, BValue>(keys[i], values[i]);
            isSorted &= i == 0 || keys[i - 1].Span.SequenceCompareTo(keys[i].Span) < 0;
        }

        if (!isSorted)
        {
            Array.Sort(_entries, static (a, b) => a.Key.Span.SequenceCompareTo(b.Key.Span));
        }
    }

    /// <summary>How many entries.</summary>
    public int Count => _entries.Length;

    /// <summary>Entry number <paramref name="index"/> in the order of the keys.</summary>
    public KeyValuePair<BString, BValue> this[int index] => _entries[index];

    /// <summary>The value under a key, or null.</summary>
    public BValue? Get(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, _entries.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = _entries[middle].Key.Span.SequenceCompareTo(key);
            if (order == 0)
            {
                return _entries[middle].Value;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>The number under a key, or null.</summary>
    public long? GetNumber(ReadOnlySpan<byte> key) => (Get(key) as BNumber)?.Value;

    /// <summary>The string under a key, or null.</summary>
    public BString? GetString(ReadOnlySpan<byte> key) => Get(key) as BString;

    /// <summary>The list under a key, or null.</summary>
    public BList? GetList(ReadOnlySpan<byte> key) => Get(key) as BList;

    /// <summary>The dictionary under a key, or null.</summary>
    public BDictionary? GetDictionary(ReadOnlySpan<byte> key) => Get(key) as BDictionary;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<BString, BValue>> GetEnumerator() =>
        ((IEnumerable<KeyValuePair<BString, BValue>>)_entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
