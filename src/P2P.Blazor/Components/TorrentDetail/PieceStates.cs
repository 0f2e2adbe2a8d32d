using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Components.TorrentDetail;

/// <summary>A piece map as pieces.js reads it: one byte per piece, 0 missing, 1 partial, 2 requested, 3 verified, 4 not wanted.</summary>
internal static class PieceStates
{
    /// <summary>Bit <paramref name="index"/> of wire bytes (most significant first); beyond the end is clear.</summary>
    public static bool IsSet(ImmutableArray<byte> bits, int index) =>
        index >> 3 < bits.Length && (bits[index >> 3] & (0x80 >> (index & 7))) != 0;

    /// <summary>The states, a new array of <see cref="PieceMapSnapshot.Count"/> bytes.</summary>
    public static byte[] Of(PieceMapSnapshot pieces)
    {
        var states = new byte[pieces.Count];
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = IsSet(pieces.Have, i) ? (byte)3 : IsSet(pieces.Wanted, i) ? (byte)0 : (byte)4;
        }

        foreach (var active in pieces.Active)
        {
            if ((uint)active.Piece < (uint)states.Length && states[active.Piece] != 3)
            {
                states[active.Piece] = active.BlocksRequested > 0 ? (byte)2 : active.BlocksReceived > 0 ? (byte)1 : states[active.Piece];
            }
        }

        return states;
    }

    /// <summary>What changed as 4 bytes each (index as 24 bits big-endian, state); null when sending the whole map is less.</summary>
    public static byte[]? Changes(byte[] before, byte[] after)
    {
        if (before.Length != after.Length)
        {
            return null;
        }

        var changes = new List<byte>();
        for (var i = 0; i < after.Length; i++)
        {
            if (before[i] != after[i])
            {
                changes.AddRange([(byte)(i >> 16), (byte)(i >> 8), (byte)i, after[i]]);
                if (changes.Count > after.Length)
                {
                    return null;
                }
            }
        }

        return [.. changes];
    }
}
