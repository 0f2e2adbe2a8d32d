using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Answers what the engine or an endpoint refuses on purpose as a problem; anything else is a bug and goes to the exception handler.</summary>
internal sealed class EngineErrorFilter : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (TorrentEngineException exception)
        {
            return ApiProblem.Of(exception);
        }
        catch (BadHttpRequestException exception)
        {
            // The server gave up on the body: too large, too slow, or ended early.
            return ApiProblem.Of(exception.StatusCode, ApiProblem.CodeOf(exception.StatusCode), exception.Message);
        }
    }
}
