using System.Globalization;

namespace P2P.Blazor.Localization;

/// <summary>Gives a page's request, and the circuit that grows from it, its language. The API speaks one language and is left alone.</summary>
internal sealed class PageLanguage(RequestDelegate next)
{
    /// <summary>Sets the culture of everything that follows in this request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api"))
        {
            var culture = PageCulture.Choose(context.Request.Cookies[PageCulture.Cookie], context.Request.Headers.AcceptLanguage);
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, culture);
        }

        return next(context);
    }
}
