using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session.History;

/// <summary>Keeps the rounds of every torrent: hands them to the store as the loops hand them out, and reads them back. Thread-safe; keeps no state.</summary>
internal sealed class ChokeJournals(IJournalStore store) : IRoundSink
{
    /// <summary>Most rounds of one answer: all that are kept.</summary>
    public const int MaxCount = 2_000;

    /// <inheritdoc/>
    public void Begin(SwarmLoop torrent) => _ = TellLastAsync(torrent);

    /// <inheritdoc/>
    public void Keep(InfoHash torrent, ImmutableArray<ChokeJournalRound> rounds) =>
        _ = store.AppendAsync(JournalName.Rounds(torrent), [.. rounds.Select(ChokeRoundCodec.Write)]);

    /// <inheritdoc/>
    public void Read(InfoHash torrent, TorrentCommand.ReadRounds read) => _ = ReadAsync(torrent, read);

    private async Task ReadAsync(InfoHash torrent, TorrentCommand.ReadRounds read)
    {
        var rounds = Decode(await store.ReadAsync(JournalName.Rounds(torrent)).ConfigureAwait(false));
        var count = Math.Clamp(read.Count, 0, MaxCount);
        read.Reply.TrySetResult(read.From < 1 ? [.. rounds.TakeLast(count)] : [.. rounds.Where(round => round.Round >= read.From).Take(count)]);
    }

    private async Task TellLastAsync(SwarmLoop torrent)
    {
        var frames = await store.ReadAsync(JournalName.Rounds(torrent.InfoHash)).ConfigureAwait(false);
        torrent.Post(new TorrentCommand.RoundsBegin(Decode(frames).LastOrDefault()?.Round ?? 0));
    }

    // A frame that is not one of ours is left out; so is one whose number does not rise, which a killed process can have left.
    private static List<ChokeJournalRound> Decode(ImmutableArray<byte[]> frames)
    {
        var rounds = new List<ChokeJournalRound>(frames.Length);
        foreach (var frame in frames)
        {
            if (ChokeRoundCodec.TryRead(frame, out var round) && (rounds.Count == 0 || round.Round > rounds[^1].Round))
            {
                rounds.Add(round);
            }
        }

        return rounds;
    }
}
