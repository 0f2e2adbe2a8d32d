namespace P2P.Blazor.Composition;

/// <summary>Puts the same protective headers on every answer: pages, API, files and errors.</summary>
/// <remarks>
/// Scripts come from our own files only. Styles may be inline: MudBlazor writes its palette as a style element and Virtualize its spacers as
/// style attributes. No CORS header is ever sent, so no other site can read an answer.
/// </remarks>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    /// <summary>The policy, without the socket's own address, which is added per request for browsers whose 'self' leaves out ws:.</summary>
    internal const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; font-src 'self'; "
        + "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

    private const string FilePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox; frame-ancestors 'none'";
    private static readonly object SandboxKey = new();

    /// <summary>The answer is a stranger's file: it may load nothing and run nothing.</summary>
    public static void Sandbox(HttpContext context) => context.Items[SandboxKey] = true;

    /// <summary>Sets the headers when the answer starts, so that an error page that clears the headers gets them too.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state =>
        {
            Write((HttpContext)state);
            return Task.CompletedTask;
        }, context);
        return next(context);
    }

    private static void Write(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = context.Items.ContainsKey(SandboxKey) ? FilePolicy : SiteGuard.IsWellFormed(context.Request.Host) ? $"{Policy} ws://{context.Request.Host} wss://{context.Request.Host}" : Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }
    }
}
