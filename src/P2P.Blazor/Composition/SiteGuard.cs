using System.Net;
using P2P.Blazor.Api;
using P2P.Blazor.Configuration;

namespace P2P.Blazor.Composition;

/// <summary>Refuses requests for a host that is not ours (421) and requests that another site's page made (403).</summary>
/// <remarks>
/// There is no password yet, so a browser on this machine is the attacker's only way in: by DNS rebinding (the Host header then names his
/// domain) or by a form, script or socket of his page (Origin and Sec-Fetch-Site then name his page). Programs send neither and pass.
/// Source: rules R-W03 to R-W05, rows A01 to A10.
/// </remarks>
internal sealed class SiteGuard(RequestDelegate next, HostSettings settings)
{
    /// <summary>Lets the request on or answers it with a problem.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!IsOurHost(context))
        {
            return Refuse(context, StatusCodes.Status421MisdirectedRequest, "host.unknown",
                "This address is not one of this client's; use http://127.0.0.1 or http://localhost, or name it in Host:AllowedNames.");
        }

        if (IsFromAnotherSite(context.Request))
        {
            return Refuse(context, StatusCodes.Status403Forbidden, "site.foreign", "This request was made by the page of another site and is refused.");
        }

        return next(context);
    }

    /// <summary>Does the header hold nothing but a name or address and a port?</summary>
    internal static bool IsWellFormed(HostString host) =>
        host.HasValue && host.Value.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or ':' or '[' or ']');

    private bool IsOurHost(HttpContext context)
    {
        var host = context.Request.Host;
        if (!IsWellFormed(host))
        {
            return false;
        }

        if (settings.AllowedNames.Any(name => IsNamed(host, name)))
        {
            return true;
        }

        // A local port of 0 means that there is no socket (an in-memory test server).
        var connection = context.Connection;
        var isOurPort = connection.LocalPort == 0 || (host.Port ?? 80) == connection.LocalPort;
        return isOurPort && (host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
    }

    private static bool IsNamed(HostString host, string name) =>
        string.Equals(host.Value, name, StringComparison.OrdinalIgnoreCase) || string.Equals(host.Host, name, StringComparison.OrdinalIgnoreCase);

    private static bool IsFromAnotherSite(HttpRequest request)
    {
        var isSocket = request.HttpContext.WebSockets.IsWebSocketRequest || request.Headers.Upgrade.Count > 0;
        var origin = request.Headers.Origin;
        if (origin.Count > 0 ? !IsOurs(origin.ToString(), request) : isSocket)
        {
            return true;
        }

        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is not ("" or "same-origin" or "none") && !IsLinkToPage(request);
    }

    // A person may follow a link from elsewhere to a page; such a request changes nothing and its answer stays with the browser.
    private static bool IsLinkToPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers["Sec-Fetch-Mode"] == "navigate"
        && request.Headers["Sec-Fetch-Dest"] == "document"
        && !request.Path.StartsWithSegments("/api")
        && !request.Path.StartsWithSegments("/_blazor");

    private static bool IsOurs(string origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);

    private static Task Refuse(HttpContext context, int status, string code, string sentence) =>
        ApiProblem.Of(status, code, sentence).ExecuteAsync(context);
}
