using System.Globalization;
using System.Text;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>A tracker spoken to over HTTP or HTTPS (BEP 3, 7, 23, 24; scrape: BEP 48).</summary>
/// <remarks>Redirects, TLS and the address finally connected to are the network's part of the rules (R-H02 to R-H05).</remarks>
internal sealed class HttpTracker(TrackerUrl url, INetwork network, TimeProvider clock, TimeSpan minInterval) : ITracker
{
    /// <summary>Longest body read, bytes after decompression.</summary>
    public const int MaxBody = 1 << 20;

    /// <summary>Time for one announce, or one scrape, in all.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public string Url => url.Text;

    /// <inheritdoc/>
    public async ValueTask<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        var (reply, failure) = await GetAsync(AnnounceUri(request), cancellationToken).ConfigureAwait(false);
        if (reply is null)
        {
            return new AnnounceResponse { Failure = failure };
        }

        var isLoopback = url.Address is { } address ? AddressScope.IsLoopback(address) : url.IsLocal;
        var response = HttpAnnounceReply.Read(reply.Body, minInterval, isLoopback);

        // Trackers put their reason into an error answer too; anything else there says less than its status.
        return reply.Status == 200 || response.Failure is { Code: "tracker.failure" }
            ? response
            : new AnnounceResponse { Failure = Refused(reply.Status) };
    }

    /// <inheritdoc/>
    public async ValueTask<ScrapeResponse> ScrapeAsync(InfoHash infoHash, CancellationToken cancellationToken)
    {
        if (url.ScrapeUrl is not { } scrapeUrl)
        {
            return new ScrapeResponse { Failure = ("tracker.no_scrape", "Its URL has no form for a scrape.") };
        }

        var query = WithQuery(scrapeUrl);
        Escape(query, infoHash.ToArray());
        var (reply, failure) = await GetAsync(new Uri(query.ToString()), cancellationToken).ConfigureAwait(false);
        return reply switch
        {
            null => new ScrapeResponse { Failure = failure },
            { Status: 200 } => HttpScrapeReply.Read(reply.Body, infoHash),
            _ => new ScrapeResponse { Failure = Refused(reply.Status) },
        };
    }

    /// <summary>The URL with our query appended; the 20-byte values are escaped byte by byte.</summary>
    internal Uri AnnounceUri(AnnounceRequest request)
    {
        var query = WithQuery(url.Origin + url.PathAndQuery);
        Escape(query, request.InfoHash.ToArray());
        query.Append("&peer_id=");
        Escape(query, request.PeerId.ToArray());
        query.Append(
            CultureInfo.InvariantCulture,
            $"&port={request.Port}&uploaded={request.Uploaded}&downloaded={request.Downloaded}&left={request.Left}&numwant={request.NumWant}&key={request.Key:X8}&compact=1&no_peer_id=1");
        if (request.Event != AnnounceEvent.None)
        {
            query.Append("&event=").Append(request.Event switch
            {
                AnnounceEvent.Started => "started",
                AnnounceEvent.Completed => "completed",
                _ => "stopped",
            });
        }

        if (request.TrackerId is { } trackerId)
        {
            query.Append("&trackerid=");
            Escape(query, Encoding.Latin1.GetBytes(trackerId));
        }

        return new Uri(query.ToString());
    }

    private static StringBuilder WithQuery(string url) => new StringBuilder(url, 512)
        .Append(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')
        .Append("info_hash=");

    private static (string Code, string Message) Refused(int status) =>
        ("tracker.http", string.Create(CultureInfo.InvariantCulture, $"The tracker answered with HTTP status {status}."));

    /// <summary>One request within the deadline and the length limit: the answer of whatever status, or null and why there is none.</summary>
    private async ValueTask<(HttpReply? Reply, (string Code, string Message) Failure)> GetAsync(Uri uri, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var reply = await network.HttpGetAsync(uri, MaxBody, either.Token).ConfigureAwait(false);

            // The simulation's network may send more than it was allowed to; a real one reports tracker.too_big itself.
            return reply.Body.Length > MaxBody ? (null, ("tracker.too_big", "The tracker's answer is longer than 1 MiB.")) : (reply, default);
        }
        catch (Exception exception) when (exception is OperationCanceledException or NetworkException)
        {
            // A network may report a cancelled request as one of its own failures.
            cancellationToken.ThrowIfCancellationRequested();
            return exception is NetworkException failure && !deadline.IsCancellationRequested
                ? (null, (failure.Code, failure.Message))
                : (null, ("tracker.timeout", string.Create(CultureInfo.InvariantCulture, $"timed out after {Deadline.TotalSeconds:0} s")));
        }
    }

    private static void Escape(StringBuilder query, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)value) || (char)value is '-' or '.' or '_' or '~')
            {
                query.Append((char)value);
            }
            else
            {
                query.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }
    }
}
