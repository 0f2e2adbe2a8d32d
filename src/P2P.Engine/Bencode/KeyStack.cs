namespace P2P.Engine.Bencode;

/// <summary>Where the keys of all open dictionaries begin, so that a dictionary out of order can be searched for duplicates.</summary>
/// <remarks>
/// Grows by chunks and not by doubling, because memory while parsing stays under three times the input. Checking one dictionary
/// of n keys sorts n 64-bit words (a seeded hash and an offset), so that hostile keys cost n log n and not n squared.
/// </remarks>
internal sealed class KeyStack
{
    private const int ChunkBits = 12;
    private const int ChunkLength = 1 << ChunkBits;
    private const int FirstLength = 16;

    private readonly List<int[]> _chunks = [new int[FirstLength]];
    private ulong[] _sorting = []; // reused: a file may hold millions of small dictionaries out of order

    /// <summary>Keys on the stack.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the offset of a key's length prefix.</summary>
    public void Push(int keyOffset)
    {
        var chunk = Count >> ChunkBits;
        if (chunk == _chunks.Count)
        {
            _chunks.Add(new int[ChunkLength]);
        }

        var cells = _chunks[chunk];
        var index = Count & (ChunkLength - 1);
        if (index == cells.Length)
        {
            Array.Resize(ref cells, cells.Length * 2); // only the first chunk starts small
            _chunks[chunk] = cells;
        }

        cells[index] = keyOffset;
        Count++;
    }

    /// <summary>Takes keys off until <paramref name="count"/> are left.</summary>
    public void PopTo(int count) => Count = count;

    /// <summary>Offset of the first key, from number <paramref name="first"/> on, that equals an earlier one; -1 when all differ.</summary>
    public int FindDuplicate(int first, ReadOnlySpan<byte> input)
    {
        var count = Count - first;
        if (_sorting.Length < count)
        {
            _sorting = new ulong[Math.Max(count, 2 * _sorting.Length)];
        }

        var keys = _sorting.AsSpan(0, count);
        for (var i = 0; i < keys.Length; i++)
        {
            var offset = _chunks[(first + i) >> ChunkBits][(first + i) & (ChunkLength - 1)];
            var hash = new HashCode();
            hash.AddBytes(KeyAt(input, offset));
            keys[i] = ((ulong)(uint)hash.ToHashCode() << 32) | (uint)offset;
        }

        keys.Sort();
        var found = -1;
        for (var i = 1; i < keys.Length; i++)
        {
            for (var j = i - 1; j >= 0 && keys[j] >> 32 == keys[i] >> 32; j--)
            {
                var (earlier, later) = ((int)(uint)keys[j], (int)(uint)keys[i]);
                if (KeyAt(input, earlier).SequenceEqual(KeyAt(input, later)))
                {
                    found = found < 0 ? later : Math.Min(found, later);
                    break;
                }
            }
        }

        return found;
    }

    private static ReadOnlySpan<byte> KeyAt(ReadOnlySpan<byte> input, int offset)
    {
        var length = 0;
        for (; input[offset] != ':'; offset++)
        {
            length = (length * 10) + input[offset] - '0';
        }

        return input.Slice(offset + 1, length);
    }
}
