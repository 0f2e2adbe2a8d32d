using P2P.Engine.Peers;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What we say of ourselves in the extension handshake (BEP 10), and our numbers for the extensions we speak. Pure.</summary>
internal static class Greeting
{
    /// <summary>Our sub-id of ut_metadata: peers send it with this number.</summary>
    public const byte MetadataId = 1;

    /// <summary>Our sub-id of ut_pex.</summary>
    public const byte ExchangeId = 2;

    /// <summary>The handshake for one peer.</summary>
    /// <param name="peer">Its own.</param>
    /// <param name="rules">Port and switches.</param>
    /// <param name="isExchanging">Peers may be exchanged about this torrent.</param>
    /// <param name="isComplete">We want nothing.</param>
    /// <param name="metadataSize">Bytes of the info dictionary we can give; null while we have none.</param>
    public static PeerMessage To(HandshakeInfo peer, SwarmRules rules, bool isExchanging, bool isComplete, int? metadataSize)
    {
        var messages = new Dictionary<string, byte> { [MetadataMessage.Name] = MetadataId };
        if (isExchanging)
        {
            messages[PexMessage.Name] = ExchangeId;
        }

        return new ExtensionHandshake
        {
            Messages = messages,
            Client = $"P2P.Blazor {typeof(TorrentLoop).Assembly.GetName().Version?.ToString(3)}",
            MaxRequests = Uploader.QueueLimit,
            ListenPort = rules.ListenPort > 0 ? rules.ListenPort : null,
            UploadOnly = isComplete,
            YourAddress = peer.Remote.Address,
            MetadataSize = metadataSize,
        }.ToMessage();
    }
}
