using System.Globalization;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>The piece map as the page draws it: half a byte a piece, so that a large one takes neither the circuit nor JSON.</summary>
/// <remarks>
/// The headers "P2P-Pieces" and "P2P-Version" tell how many pieces follow and of which beat. A page that is watching names the version it has,
/// and gets the beat its changes go on from; without one the map is of now.
/// </remarks>
internal static class PieceMapEndpoint
{
    private const string MediaType = "application/octet-stream";

    /// <summary>Maps "pieces/map".</summary>
    public static void MapPieceMap(this RouteGroupBuilder api) =>
        api.MapGroup("/torrents/{infoHash}").WithTags("Torrents").MapGet("/pieces/map", GetAsync)
            .WithSummary("Pieces at half a byte each, the upper half first: layer=state (missing, partial, requested, have, skipped, failed), layer=copies (0, 1, 2+, 4+, 8+, 16+), or peer=address:port (1 you have it, 2 it has it, 4 you want it)")
            .Produces<Stream>(200, MediaType).ProducesProblem(400).ProducesProblem(404);

    private static async Task<IResult> GetAsync(
        string infoHash, IEngineAccess engine, HttpResponse response, CancellationToken cancellationToken, string? layer = null, string? peer = null, string? version = null)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        var details = torrent.Details is { } seen && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && seen.Version >= wanted
            ? seen
            : await torrent.GetDetailsAsync(cancellationToken);
        var packed = peer is not null ? await OfPeerAsync(torrent, details, peer, cancellationToken) : layer switch
        {
            null or "" or "state" => OfStates(engine, details),
            "copies" => PieceStates.Pack(details.Pieces.Count, piece => piece < details.Pieces.Availability.Length ? PieceStates.LevelOf(details.Pieces.Availability[piece]) : 0),
            _ => throw new TorrentEngineException("query.invalid", "\"layer\" must be state or copies."),
        };
        response.Headers["P2P-Pieces"] = details.Pieces.Count.ToString(CultureInfo.InvariantCulture);
        response.Headers["P2P-Version"] = details.Version.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Bytes(packed, MediaType);
    }

    private static byte[] OfStates(IEngineAccess engine, TorrentDetails details)
    {
        var states = new PieceStates(details.Version, details.Pieces, PieceStates.FailedOf(engine.Events, details.Summary.InfoHash));
        return PieceStates.Pack(details.Pieces.Count, piece => (int)states[piece]);
    }

    private static async Task<byte[]> OfPeerAsync(ITorrentAccess torrent, TorrentDetails details, string peer, CancellationToken cancellationToken)
    {
        if (!PeerEndpoint.TryParse(peer, out var endpoint))
        {
            throw new TorrentEngineException("peer.invalid", "A peer is named by an address and a port, such as 127.0.0.1:6881 or [::1]:6881.");
        }

        var theirs = await torrent.GetPeerPiecesAsync(endpoint, cancellationToken);
        return PieceStates.Pack(details.Pieces.Count, piece => (PieceStates.IsSet(details.Pieces.Have, piece) ? 1 : 0)
            | (PieceStates.IsSet(theirs, piece) ? 2 : 0) | (PieceStates.IsSet(details.Pieces.Wanted, piece) ? 4 : 0));
    }
}
