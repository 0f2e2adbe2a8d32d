using P2P.Engine.Peers;
using P2P.Engine.Wire;

namespace P2P.Engine.Tests.Peers;

/// <summary>Keeps what a connection tells, as text, and returns every block at once unless told to keep them.</summary>
internal sealed class RecordingSink : IPeerSink
{
    public List<string> Messages { get; } = [];

    public List<byte[]> Blocks { get; } = [];

    public List<P2P.Engine.Runtime.BlockPool.Block> Kept { get; } = [];

    public List<DisconnectReason> Closed { get; } = [];

    public bool KeepsBlocks { get; init; }

    public Action<PeerConnection>? OnBatch { get; set; }

    public int Batches { get; private set; }

    public int WireBytes { get; private set; }

    public int SentBlocks { get; private set; }

    public int SentBytes { get; private set; }

    public int Flushes { get; private set; }

    public string? Code => Closed.SingleOrDefault()?.Code;

    public void OnMessages(PeerConnection peer, PeerBatch batch)
    {
        Xunit.Assert.Empty(Closed);
        Batches++;
        WireBytes += batch.WireBytes;
        foreach (var message in batch.Messages)
        {
            Messages.Add($"{message.Id} {message.Piece} {message.Begin} {message.Length}");
            if (message.Data is { } block)
            {
                Blocks.Add(block.Span.ToArray());
                if (KeepsBlocks)
                {
                    Kept.Add(block);
                }
                else
                {
                    block.Return();
                }
            }
        }

        batch.Recycle();
        OnBatch?.Invoke(peer);
    }

    public void OnSent(PeerConnection peer, int blocks, int payloadBytes)
    {
        Xunit.Assert.Empty(Closed);
        Flushes++;
        SentBlocks += blocks;
        SentBytes += payloadBytes;
    }

    public void OnClosed(PeerConnection peer, DisconnectReason reason) => Closed.Add(reason);
}
