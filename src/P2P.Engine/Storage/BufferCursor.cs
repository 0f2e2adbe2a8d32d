namespace P2P.Engine.Storage;

/// <summary>Deals out a list of buffers in portions of any length.</summary>
internal struct BufferCursor(IReadOnlyList<Memory<byte>> buffers)
{
    private int _index;
    private int _used;

    /// <summary>Bytes of all buffers.</summary>
    public readonly long Length
    {
        get
        {
            long length = 0;
            for (var i = 0; i < buffers.Count; i++)
            {
                length += buffers[i].Length;
            }

            return length;
        }
    }

    /// <summary>Replaces the content of <paramref name="portion"/> by the next <paramref name="count"/> bytes.</summary>
    public void Take(long count, List<Memory<byte>> portion)
    {
        portion.Clear();
        while (count > 0)
        {
            var rest = buffers[_index][_used..];
            var taken = (int)Math.Min(count, rest.Length);
            if (taken > 0)
            {
                portion.Add(rest[..taken]);
            }

            (count, _used) = (count - taken, _used + taken);
            if (_used == buffers[_index].Length)
            {
                (_index, _used) = (_index + 1, 0);
            }
        }
    }
}
