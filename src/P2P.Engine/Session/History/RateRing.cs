using System.Collections.Immutable;

namespace P2P.Engine.Session.History;

/// <summary>Rates of the last periods of one length. Pure; told the second, which must not fall.</summary>
/// <remarks>While nothing moved within its span it has no arrays, so what never moves costs nothing; else 8 bytes a period.</remarks>
/// <param name="seconds">Length of a period.</param>
/// <param name="capacity">Periods kept, the running one included.</param>
internal sealed class RateRing(int seconds, int capacity)
{
    /// <summary>In place of a rate: nobody knows.</summary>
    private const uint Unknown = uint.MaxValue;

    private uint[]? _down;
    private uint[]? _up;
    private long _slot = -1;
    private long _first;
    private long _lastMoved = -1;
    private long _downBytes;
    private long _upBytes;

    /// <summary>Length of a period.</summary>
    public int Seconds => seconds;

    /// <summary>It holds nothing but zeros, and no memory.</summary>
    public bool IsCold => _down is null && _downBytes == 0 && _upBytes == 0;

    /// <summary>Bytes moved up to this second.</summary>
    public void Add(long second, long down, long up)
    {
        Advance(second / seconds);
        (_downBytes, _upBytes) = (_downBytes + down, _upBytes + up);
    }

    /// <summary>All that is known: the second at which the first sample begins, and the samples; none before the first <see cref="Add"/>.</summary>
    public (long Start, ImmutableArray<long> Down, ImmutableArray<long> Up) Read(long second)
    {
        if (_slot < 0)
        {
            return (second, [], []);
        }

        Advance(second / seconds);
        var start = Math.Max(_first, _slot - capacity + 1);
        var length = (int)(_slot - start + 1);
        var (down, up) = (ImmutableArray.CreateBuilder<long>(length), ImmutableArray.CreateBuilder<long>(length));
        for (var slot = start; slot < _slot; slot++)
        {
            down.Add(At(_down, slot));
            up.Add(At(_up, slot));
        }

        var passed = Math.Clamp(second - (_slot * seconds) + 1, 1, seconds);
        down.Add(_downBytes / passed);
        up.Add(_upBytes / passed);
        return (start * seconds, down.MoveToImmutable(), up.MoveToImmutable());
    }

    /// <summary>All of it into a frame: number of the running period, its bytes in and out, how many ended ones, then each 0 for unknown or the rate plus 1, in and out.</summary>
    public void Write(FieldWriter frame)
    {
        var start = Math.Max(_first, _slot - capacity + 1);
        var length = _slot < 0 ? 0 : _slot - start;
        frame.Number(_slot).Number(_downBytes).Number(_upBytes).Number(length);
        for (var slot = start; slot < start + length; slot++)
        {
            frame.Number(At(_down, slot) + 1).Number(At(_up, slot) + 1);
        }
    }

    /// <summary>Takes up what <see cref="Write"/> wrote in another run, before the first <see cref="Add"/>; between then and now nothing is known.</summary>
    public void Read(ref FieldReader frame, long second)
    {
        var (now, last, down, up, length) = (second / seconds, frame.Number(), frame.Number(), frame.Number(), (int)frame.Number(capacity - 1));
        var samples = new (uint Down, uint Up)[length + 1];
        for (var i = 0; i < length && frame.IsGood; i++)
        {
            samples[i] = (Rate(frame.Number(Unknown)), Rate(frame.Number(Unknown)));
        }

        // A clock that was set back makes the past the future: what cannot have been is left out.
        if (!frame.IsGood || last > now || last <= now - capacity || last < length)
        {
            return;
        }

        // The period that ran then runs on, or ended with it.
        samples[length] = (Clamp(down / seconds), Clamp(up / seconds));
        (_downBytes, _upBytes) = last == now ? (down, up) : (0, 0);
        (_down, _up) = (new uint[capacity], new uint[capacity]);
        (_slot, _first, _lastMoved) = (now, Math.Max(last - length, now - capacity + 1), now);
        for (var slot = _first; slot < now; slot++)
        {
            (_down[slot % capacity], _up[slot % capacity]) = slot <= last ? samples[slot - (last - length)] : (Unknown, Unknown);
        }

        static uint Rate(long written) => written == 0 ? Unknown : (uint)(written - 1);
    }

    private void Advance(long slot)
    {
        if (_slot < 0)
        {
            (_slot, _first) = (slot, slot);
        }

        if (slot <= _slot)
        {
            return;
        }

        var (down, up) = (Clamp(_downBytes / seconds), Clamp(_upBytes / seconds));
        if (_downBytes > 0 || _upBytes > 0)
        {
            (_down, _up, _lastMoved) = (_down ?? new uint[capacity], _up ?? new uint[capacity], _slot);
        }

        if (_down is not null && _up is not null)
        {
            (_down[_slot % capacity], _up[_slot % capacity]) = (down, up);
            for (var passed = Math.Max(_slot + 1, slot - capacity); passed < slot; passed++)
            {
                (_down[passed % capacity], _up[passed % capacity]) = (0, 0);
            }
        }

        (_slot, _downBytes, _upBytes) = (slot, 0, 0);
        if (_down is not null && _lastMoved <= slot - capacity)
        {
            (_down, _up, _first) = (null, null, Math.Max(_first, slot - capacity + 1));
        }
    }

    private long At(uint[]? rates, long slot) => rates is null ? 0 : rates[slot % capacity] is var rate && rate == Unknown ? -1 : rate;

    private static uint Clamp(long rate) => (uint)Math.Clamp(rate, 0, Unknown - 1);
}
