using System.Globalization;
using System.Text;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>A tracker spoken to over HTTP or HTTPS (BEP 3, 7, 23, 24).</summary>
/// <remarks>Redirects, TLS and the address finally connected to are the network's part of the rules (R-H02 to R-H05).</remarks>
internal sealed class HttpTracker(TrackerUrl url, INetwork network, TimeProvider clock, TimeSpan minInterval) : ITracker
{
    /// <summary>Longest body read, bytes after decompression.</summary>
    public const int MaxBody = 1 << 20;

    /// <summary>Time for one announce in all.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public string Url => url.Text;

    /// <inheritdoc/>
    public async ValueTask<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpReply reply;
        try
        {
            reply = await network.HttpGetAsync(AnnounceUri(request), MaxBody, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or NetworkException)
        {
            // A network may report a cancelled request as one of its own failures.
            cancellationToken.ThrowIfCancellationRequested();
            return exception is NetworkException failure && !deadline.IsCancellationRequested
                ? Failed(failure.Code, failure.Message)
                : Failed("tracker.timeout", string.Create(CultureInfo.InvariantCulture, $"timed out after {Deadline.TotalSeconds:0} s"));
        }

        // The simulation's network may send more than it was allowed to; a real one reports tracker.too_big itself.
        if (reply.Body.Length > MaxBody)
        {
            return Failed("tracker.too_big", "The tracker's answer is longer than 1 MiB.");
        }

        var isLoopback = url.Address is { } address ? AddressScope.IsLoopback(address) : url.IsLocal;
        var response = HttpAnnounceReply.Read(reply.Body, minInterval, isLoopback);

        // Trackers put their reason into an error answer too; anything else there says less than its status.
        return reply.Status == 200 || response.Failure is { Code: "tracker.failure" }
            ? response
            : Failed("tracker.http", string.Create(CultureInfo.InvariantCulture, $"The tracker answered with HTTP status {reply.Status}."));
    }

    /// <summary>The URL with our query appended; the 20-byte values are escaped byte by byte.</summary>
    internal Uri AnnounceUri(AnnounceRequest request)
    {
        var query = new StringBuilder(url.Origin, 512)
            .Append(url.PathAndQuery)
            .Append(url.PathAndQuery.Contains('?', StringComparison.Ordinal) ? '&' : '?')
            .Append("info_hash=");
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

    private static AnnounceResponse Failed(string code, string message) => new() { Failure = (code, message) };

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
