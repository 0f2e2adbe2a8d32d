using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using P2P.Engine.Primitives;

namespace P2P.Engine.Transport;

/// <summary>HTTP GET for trackers, which are strangers: every length, wait and detour is bounded (R-H01..R-H05).</summary>
/// <remarks>
/// Thread-safe. No proxy, no cookies, no credentials, certificates always checked. Redirects are followed here and not by the handler, so
/// that each hop is judged; a name that leads to a private address is refused at connect, on the very address dialled (R-H02). A
/// private or loopback tracker is reached only when the caller's own URL names it by address or as localhost, under /announce or /scrape.
/// </remarks>
internal sealed class HttpFetcher : IDisposable
{
    private const int MaxRedirects = 5;
    private const int MaxConcurrent = 50;
    /// <summary>UrlBytes of reliability.md 2.3, and as much again for the query that an announce adds.</summary>
    private const int MaxUrlLength = 2 * 2_048;
    private const int MaxHeaderKilobytes = 32;
    private const int FirstBodyCapacity = 16 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(30);

    private readonly Func<string, CancellationToken, ValueTask<IPAddress[]>> _resolve;
    private readonly Func<PeerEndpoint, CancellationToken, ValueTask<Stream>> _connect;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _client;
    private readonly SemaphoreSlim _slots = new(MaxConcurrent);

    /// <param name="resolve">Looks names up.</param>
    /// <param name="connect">Opens a stream bound to the configured local address.</param>
    /// <param name="clock">For the 30 s of a request.</param>
    public HttpFetcher(
        Func<string, CancellationToken, ValueTask<IPAddress[]>> resolve,
        Func<PeerEndpoint, CancellationToken, ValueTask<Stream>> connect,
        TimeProvider clock)
    {
        (_resolve, _connect, _clock) = (resolve, connect, clock);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
        });
    }

    /// <summary>See <see cref="INetwork.HttpGetAsync"/>.</summary>
    public async ValueTask<HttpReply> GetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(TotalTimeout, _clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var hasSlot = false;
        try
        {
            await _slots.WaitAsync(stop.Token).ConfigureAwait(false);
            hasSlot = true;
            return await FollowAsync(uri, maxBytes, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            throw deadline.IsCancellationRequested || !cancellationToken.IsCancellationRequested
                ? new NetworkException("tracker.timeout", $"{uri.Host} did not answer in time.", exception)
                : new NetworkException("tracker.cancelled", $"The request to {uri.Host} was stopped.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw Translate(exception, uri);
        }
        catch (IOException exception)
        {
            throw new NetworkException("tracker.http", $"The answer of {uri.Host} broke off.", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new NetworkException("tracker.http", $"The answer of {uri.Host} is damaged.", exception);
        }
        finally
        {
            if (hasSlot)
            {
                _slots.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _slots.Dispose();
    }

    private async Task<HttpReply> FollowAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        var privateHost = IsNamedPrivate(uri) ? uri.Host : null;
        for (var redirects = 0; ; redirects++)
        {
            Check(uri, privateHost);
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Headers.ConnectionClose = true; // announces are half an hour apart: a kept connection would only be found dead
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("P2P.Blazor", "0.1.0"));
            using var response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                var body = await ReadBodyAsync(response, maxBytes, uri.Host, cancellationToken).ConfigureAwait(false);
                return new HttpReply((int)response.StatusCode, body);
            }

            if (redirects == MaxRedirects)
            {
                throw new NetworkException("tracker.redirects", $"{uri.Host} redirects more than {MaxRedirects} times.");
            }

            var next = new Uri(uri, location);
            if (uri.Scheme == Uri.UriSchemeHttps && next.Scheme == Uri.UriSchemeHttp)
            {
                throw new NetworkException("tracker.redirects", $"{uri.Host} redirects from https to http, which is refused.");
            }

            uri = next;
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, int maxBytes, string host, CancellationToken cancellationToken)
    {
        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var body = new byte[Math.Min(FirstBodyCapacity, maxBytes + 1)];
        var length = 0;
        while (true)
        {
            var received = await stream.ReadAsync(body.AsMemory(length), cancellationToken).ConfigureAwait(false);
            length += received;
            if (length > maxBytes)
            {
                throw new NetworkException("tracker.too_big", $"The answer of {host} is longer than {maxBytes} bytes.");
            }

            if (received == 0)
            {
                Array.Resize(ref body, length);
                return body;
            }

            if (length == body.Length)
            {
                Array.Resize(ref body, Math.Min(body.Length * 2, maxBytes + 1));
            }
        }
    }

    /// <summary>Refuses what is wrong with a URL before anything is sent.</summary>
    private static void Check(Uri uri, string? privateHost)
    {
        if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new NetworkException("tracker.scheme", "Only http and https addresses are asked.");
        }

        if (uri.AbsoluteUri.Length > MaxUrlLength)
        {
            throw new NetworkException("tracker.url", "The tracker's address is too long.");
        }

        if (uri.HostNameType == UriHostNameType.Dns && !uri.Host.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_'))
        {
            throw new NetworkException("tracker.idn", "The tracker's name has letters outside ASCII, which is refused.");
        }

        if (!IsNamedPrivate(uri))
        {
            return;
        }

        if (uri.Host != privateHost)
        {
            throw new NetworkException("tracker.ssrf", "The tracker leads to an address of a private network, which is refused.");
        }

        if (!uri.AbsolutePath.StartsWith("/announce", StringComparison.Ordinal) && !uri.AbsolutePath.StartsWith("/scrape", StringComparison.Ordinal))
        {
            throw new NetworkException("tracker.ssrf", "On a private address only the paths /announce and /scrape are asked.");
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = await _resolve(host, cancellationToken).ConfigureAwait(false);
        if (!IPAddress.TryParse(host, out _) && !IsLocalhost(host))
        {
            // Judged on the addresses that are dialled below: a second look-up could answer otherwise.
            addresses = [.. addresses.Where(IsPublic)];
            if (addresses.Length == 0)
            {
                throw new NetworkException("tracker.ssrf", $"The name {host} leads to a private network, which is refused.");
            }
        }

        NetworkException? first = null;
        foreach (var address in addresses)
        {
            try
            {
                return await _connect(new PeerEndpoint(address, port), cancellationToken).ConfigureAwait(false);
            }
            catch (NetworkException exception)
            {
                first ??= exception;
            }
        }

        throw first!;
    }

    private static bool IsNamedPrivate(Uri uri) =>
        IsLocalhost(uri.Host) || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && !IsPublic(address));

    private static bool IsLocalhost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Is it an address of the public internet: none of the special ranges of RFC 6890, also when wrapped in an IPv6 address?</summary>
    internal static bool IsPublic(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return (bytes[0], bytes[1]) is not ((0 or 10 or 127 or >= 224, _) or (100, >= 64 and <= 127) or (169, 254)
                or (172, >= 16 and <= 31) or (192, 168) or (198, 18 or 19)) && !bytes.AsSpan().StartsWith<byte>([192, 0, 0]);
        }

        // 2000::/3 is what is routed; 6to4 (2002::/16) and NAT64 (64:ff9b::/96, outside it) would smuggle an IPv4 address past the rule above.
        return (bytes[0] & 0xE0) == 0x20 && (bytes[0], bytes[1]) is not (0x20, 0x02);
    }

    private static NetworkException Translate(HttpRequestException exception, Uri uri)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case NetworkException network:
                    return network;
                case AuthenticationException:
                    return new NetworkException("tracker.tls", $"The certificate of {uri.Host} could not be verified.", exception);
            }
        }

        return exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded
            ? new NetworkException("tracker.too_big", $"The headers of {uri.Host} are too long.", exception)
            : new NetworkException("tracker.http", $"{uri.Host} did not answer in HTTP: {exception.Message}", exception);
    }
}
