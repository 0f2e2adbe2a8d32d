using Microsoft.Net.Http.Headers;
using P2P.Blazor.Live;

namespace P2P.Blazor.Api;

/// <summary>Gives out a torrent's .torrent file under a name that is safe on any disk.</summary>
internal static class MetainfoEndpoint
{
    /// <summary>What a .torrent is to browsers.</summary>
    public const string MediaType = "application/x-bittorrent";

    /// <summary>The file, for saving; throws "metainfo.missing" while a magnet link has no info dictionary.</summary>
    public static async Task<IResult> GetAsync(string infoHash, HttpResponse response, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        var bytes = await torrent.GetMetainfoAsync(cancellationToken);
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName($"{SafeFileName.Of(torrent.Snapshot.Name, SafeFileName.MaxBytes - ".torrent".Length) ?? torrent.InfoHash.ToString()}.torrent");
        response.Headers.ContentDisposition = disposition.ToString();
        return TypedResults.Bytes(bytes, MediaType);
    }
}
