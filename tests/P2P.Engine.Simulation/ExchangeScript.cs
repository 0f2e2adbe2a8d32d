using P2P.Engine.Wire;

namespace P2P.Engine.Simulation;

/// <summary>Peers exchanged by hand, rightly or wrongly (BEP 10, 11).</summary>
internal static class ExchangeScript
{
    /// <summary>Our number for ut_pex.</summary>
    public const byte OurSubId = 9;

    /// <summary>Both handshakes, as one that has no piece; returns the other side's number for ut_pex, 0 when it does not offer it.</summary>
    /// <param name="wire">A new connection.</param>
    /// <param name="listenPort">Told as ours, so that others may be told of us; null to tell none.</param>
    public static async Task<byte> GreetAsync(ScriptedWire wire, int? listenPort = null)
    {
        await wire.HandshakeAsync(HandshakeFeatures.Fast | HandshakeFeatures.Extensions).ConfigureAwait(false);
        var hello = new ExtensionHandshake { Messages = new Dictionary<string, byte> { [PexMessage.Name] = OurSubId }, ListenPort = listenPort };
        await wire.SendAsync(hello.ToMessage(), new PeerMessage(MessageId.HaveNone)).ConfigureAwait(false);
        while (true)
        {
            var (id, payload) = await wire.ReceiveAsync().ConfigureAwait(false);
            if (id == MessageId.Extended && payload[0] == ExtensionHandshake.SubId && ExtensionHandshake.TryRead(payload.AsMemory(1), out var theirs, out _))
            {
                return theirs.Messages.GetValueOrDefault(PexMessage.Name);
            }
        }
    }

    /// <summary>Reads until the connection ends and gives what it is told.</summary>
    public static async Task HearAsync(ScriptedWire wire, Action<PexMessage> onTold)
    {
        while (true)
        {
            var (id, payload) = await wire.ReceiveAsync().ConfigureAwait(false);
            if (id == MessageId.Extended && payload[0] == OurSubId && PexMessage.TryRead(payload.AsMemory(1), out var message))
            {
                onTold(message!);
            }
        }
    }
}
