using System.Collections.Immutable;
using P2P.Engine.Session.History;

namespace P2P.Engine.Simulation;

/// <summary>Logs in memory: an append is in the machine's page cache at once, so a kill loses nothing that was handed over.</summary>
internal sealed class MemoryJournals(SimulatedProcess process, StoreState state) : IJournalStore
{
    /// <inheritdoc/>
    public Task AppendAsync(JournalName name, ImmutableArray<byte[]> frames)
    {
        process.World.AssertOnThread();
        if (!state.Journals.TryGetValue(name.File, out var kept))
        {
            state.Journals[name.File] = kept = [];
        }

        kept.AddRange(frames);
        kept.RemoveRange(0, Math.Max(0, kept.Count - name.Keep));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<byte[]>> ReadAsync(JournalName name)
    {
        process.World.AssertOnThread();
        return Task.FromResult<ImmutableArray<byte[]>>(state.Journals.TryGetValue(name.File, out var kept) ? [.. kept] : []);
    }
}
