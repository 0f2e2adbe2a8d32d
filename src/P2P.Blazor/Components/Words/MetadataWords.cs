using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>How far the metadata of a magnet link is, in a sentence and as a share.</summary>
internal static class MetadataWords
{
    /// <summary>"Fetching 32 of 48 KiB from 5 peers."</summary>
    public static string Sentence(MetadataProgress progress, TorrentState state)
    {
        if (state is TorrentState.Stopped or TorrentState.Error)
        {
            return "Stopped; nobody is asked for the metadata.";
        }

        var refused = progress.Refused == 0 ? "" : $" {Show.Many(progress.Refused, "answer was", "answers were")} thrown away because the hash was wrong.";
        return (progress.Peers, progress.Size) switch
        {
            (0, null) => $"Looking for a peer that has the metadata.{refused}",
            (0, { } size) => $"{Of(progress.Received, size)} here; looking for a peer that has the rest.{refused}",
            (var peers, null) => $"Asking {Show.Many(peers, "peer")} how large the metadata is.{refused}",
            var (peers, size) => $"Fetching {Of(progress.Received, size.Value)} from {Show.Many(peers, "peer")}.{refused}",
        };
    }

    /// <summary>0..1; 0 while the size is not known.</summary>
    public static double Share(MetadataProgress progress) => progress.Size is { } size and > 0 ? Math.Clamp((double)progress.Received / size, 0, 1) : 0;

    // The unit of the whole for both, so that the two numbers can be compared at a glance.
    private static string Of(int received, int size) => size < 1024
        ? $"{received} of {size} B"
        : size < 10 << 20 ? $"{Show.Count(received >> 10)} of {Show.Count((size + 1023) >> 10)} KiB" : $"{Show.Bytes(received)} of {Show.Bytes(size)}";
}
