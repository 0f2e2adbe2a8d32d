using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Simulation;

/// <summary>The info dictionary given by hand, rightly or wrongly (BEP 9, 10).</summary>
internal static class MetadataScript
{
    /// <summary>Our number for ut_metadata.</summary>
    public const byte OurSubId = 7;

    /// <summary>Both handshakes; returns the other side's number for ut_metadata.</summary>
    /// <param name="wire">A new connection.</param>
    /// <param name="infoHash">Of which torrent.</param>
    /// <param name="size">Bytes of the dictionary as told; null to tell none.</param>
    public static Task<byte> GreetAsync(ScriptedWire wire, InfoHash infoHash, int? size) => GreetAsync(
        wire, infoHash, new ExtensionHandshake { Messages = new Dictionary<string, byte> { [MetadataMessage.Name] = OurSubId }, MetadataSize = size }.ToMessage());

    /// <summary>As above, with an extension handshake that may be wrong.</summary>
    public static async Task<byte> GreetAsync(ScriptedWire wire, InfoHash infoHash, PeerMessage hello)
    {
        await wire.HandshakeAsync(HandshakeFeatures.Fast | HandshakeFeatures.Extensions, infoHash).ConfigureAwait(false);
        await wire.SendAsync(hello).ConfigureAwait(false);
        while (true)
        {
            var (id, payload) = await wire.ReceiveAsync().ConfigureAwait(false);
            if (id == MessageId.Extended && payload[0] == ExtensionHandshake.SubId && ExtensionHandshake.TryRead(payload.AsMemory(1), out var theirs, out _))
            {
                return theirs.Messages[MetadataMessage.Name];
            }
        }
    }

    /// <summary>Answers requests until the connection ends; an answer of null is silence.</summary>
    public static async Task GiveAsync(ScriptedWire wire, byte theirs, Func<int, PeerMessage?> answer)
    {
        while (true)
        {
            var (id, payload) = await wire.ReceiveAsync().ConfigureAwait(false);
            if (id == MessageId.Extended && payload[0] == OurSubId && MetadataMessage.TryRead(payload.AsMemory(1), out var message)
                && message.Type == MetadataMessageType.Request && answer(message.Part) is { } reply)
            {
                await wire.SendAsync(reply with { Begin = theirs }).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A part of some bytes, as long as it must be.</summary>
    public static PeerMessage Part(int part, ReadOnlyMemory<byte> whole, int? total = null)
    {
        var offset = part * MetadataMessage.PartLength;
        var data = whole.Slice(offset, Math.Min(MetadataMessage.PartLength, whole.Length - offset));
        return new MetadataMessage(MetadataMessageType.Data, part, total ?? whole.Length, data).ToMessage(subId: 0);
    }
}
