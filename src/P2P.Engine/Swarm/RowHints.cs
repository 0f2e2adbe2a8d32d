using System.Collections.Immutable;
using System.Numerics;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Small facts of a row that cost a look at many pieces or texts; kept while what they are made from stays the same. Loop only.</summary>
internal sealed class RowHints
{
    /// <summary>Parts the pieces are summed up in.</summary>
    public const int Parts = 40;

    private int _count = -1;
    private ImmutableArray<byte> _pieces = [];

    /// <summary>For each fortieth of the torrent the share of its pieces that is here, 0..15; the same array while no piece came or went.</summary>
    public ImmutableArray<byte> Pieces(Bitfield have)
    {
        if (have.Count != _count)
        {
            _count = have.Count;
            _pieces = Sum(have);
        }

        return _pieces;
    }

    /// <summary>Host of the first tracker; null when there is none that can be read.</summary>
    public static string? Host(ImmutableArray<TrackerSnapshot> trackers) =>
        trackers.Length > 0 && Uri.TryCreate(trackers[0].Url, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url.Host : null;

    private static ImmutableArray<byte> Sum(Bitfield have)
    {
        var parts = new byte[Parts];
        var bytes = have.Bytes;
        for (var part = 0; part < Parts; part++)
        {
            // By whole bytes where a part has several of them: a row needs no more, and 100,000 pieces are summed in a microsecond or two.
            var (first, end) = (Bound(part, have.Length), Bound(part + 1, have.Length));
            var here = 0;
            if (end - first >= 64)
            {
                (first, end) = (first / 8 * 8, Math.Min(have.Length, (end + 7) / 8 * 8));
                foreach (var octet in bytes[(first / 8)..((end + 7) / 8)])
                {
                    here += BitOperations.PopCount(octet);
                }
            }
            else
            {
                end = Math.Min(have.Length, Math.Max(end, first + 1)); // fewer pieces than parts: neighbours show the same piece
                for (var piece = first; piece < end; piece++)
                {
                    here += have[piece] ? 1 : 0;
                }
            }

            // A full part is 15 only when nothing is missing, an empty one 0 only when nothing is here.
            var count = Math.Max(1, end - first);
            parts[part] = (byte)(here == 0 ? 0 : here == count ? 15 : Math.Clamp(here * 15 / count, 1, 14));
        }

        return [.. parts];
    }

    private static int Bound(int part, int length) => (int)((long)part * length / Parts);
}
