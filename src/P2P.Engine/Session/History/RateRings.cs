namespace P2P.Engine.Session.History;

/// <summary>Rates of a torrent or the session over five ranges. Pure; told the second, which must not fall.</summary>
/// <remarks>At most 17,376 bytes of samples (2,172 periods of 8 bytes); each range lets go of its own when nothing moved within it.</remarks>
internal sealed class RateRings
{
    private const int Version = 1;

    /// <summary>From here on ranges are kept over restarts.</summary>
    private const int FirstKept = (int)RateRange.SixHours;

    // In the order of RateRange.
    private readonly RateRing[] _rings = [new(1, 300), new(5, 360), new(30, 720), new(300, 288), new(1_200, 504)];

    /// <summary>It holds nothing but zeros, and no memory worth the name.</summary>
    public bool IsCold => Array.TrueForAll(_rings, static ring => ring.IsCold);

    /// <summary>Bytes moved up to this second.</summary>
    public void Add(long second, long down, long up)
    {
        foreach (var ring in _rings)
        {
            ring.Add(second, down, up);
        }
    }

    /// <summary>One range as of this second.</summary>
    public RateHistory Read(RateRange range, long second)
    {
        var ring = _rings[(int)range];
        var (start, down, up) = ring.Read(second);
        return new RateHistory
        {
            Range = range,
            Period = TimeSpan.FromSeconds(ring.Seconds),
            StartAt = DateTimeOffset.FromUnixTimeSeconds(start),
            Down = down,
            Up = up,
        };
    }

    /// <summary>The coarse ranges as a frame: version 1, then each as <see cref="RateRing.Write"/> says. 12 KB at 10 MB/s in and out.</summary>
    public byte[] Write()
    {
        var frame = new FieldWriter().Byte(Version);
        foreach (var ring in _rings.AsSpan(FirstKept))
        {
            ring.Write(frame);
        }

        return frame.ToArray();
    }

    /// <summary>Takes up what <see cref="Write"/> wrote in another run, before the first <see cref="Add"/>; what is damaged is left out.</summary>
    public void Begin(ReadOnlySpan<byte> frame, long second)
    {
        var fields = new FieldReader(frame);
        if (fields.Byte() != Version)
        {
            return;
        }

        foreach (var ring in _rings.AsSpan(FirstKept))
        {
            ring.Read(ref fields, second);
        }
    }
}
