using System.Collections;

namespace P2P.Engine.Bencode;

/// <summary>Values in order.</summary>
internal sealed class BList(IReadOnlyList<BValue> items, ReadOnlyMemory<byte> raw) : BValue(raw), IReadOnlyList<BValue>
{
    /// <summary>How many.</summary>
    public int Count => items.Count;

    /// <summary>Value number <paramref name="index"/>, 0..Count-1.</summary>
    public BValue this[int index] => items[index];

    /// <inheritdoc/>
    public IEnumerator<BValue> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
