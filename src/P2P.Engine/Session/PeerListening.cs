using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Transport;

namespace P2P.Engine.Session;

/// <summary>Listens for peers, and tries again while the port cannot be had. Session loop only.</summary>
internal sealed class PeerListening(INetwork network, IncomingRouter router, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private DateTimeOffset _retryAt;

    /// <summary>Why it does not listen, in one sentence; null when it does.</summary>
    public string? Error { get; private set; }

    /// <summary>It failed, and it is time to try again.</summary>
    public bool IsRetryDue => Error is not null && clock.GetUtcNow() >= _retryAt;

    /// <summary>Tries; true when it listens now.</summary>
    public bool TryStart(TorrentEngineOptions options)
    {
        try
        {
            router.Start(network.Listen(options.ListenAddress ?? IPAddress.IPv6Any, options.ListenPort));
            Error = null;
            return true;
        }
        catch (NetworkException exception)
        {
            var sentence = string.Create(CultureInfo.InvariantCulture, $"{exception.Message.TrimEnd('.')}; it is tried again every {Retry.TotalSeconds:0} s.");
            if (Error is null)
            {
                EngineLog.ListenFailed(logger, sentence);
            }

            (Error, _retryAt) = (sentence, clock.GetUtcNow() + Retry);
            return false;
        }
    }
}
