using P2P.Blazor.Localization;
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
            return Text.T("metadata.stopped");
        }

        var refused = progress.Refused == 0 ? "" : $" {Text.Many("metadata.refused", progress.Refused)}";
        return (progress.Peers, progress.Size) switch
        {
            (0, null) => $"{Text.T("metadata.looking")}{refused}",
            (0, { } size) => $"{Text.T("metadata.rest", Of(progress.Received, size))}{refused}",
            (var peers, null) => $"{Text.T("metadata.asking", Text.Many("metadata.peers", peers))}{refused}",
            var (peers, size) => $"{Text.T("metadata.fetching", Of(progress.Received, size.Value), Text.Many("metadata.peers", peers))}{refused}",
        };
    }

    /// <summary>0..1; 0 while the size is not known.</summary>
    public static double Share(MetadataProgress progress) => progress.Size is { } size and > 0 ? Math.Clamp((double)progress.Received / size, 0, 1) : 0;

    // The unit of the whole for both, so that the two numbers can be compared at a glance.
    private static string Of(int received, int size) => size < 1024
        ? Text.T("metadata.of", received, $"{size} B")
        : size < 10 << 20 ? Text.T("metadata.of", Show.Count(received >> 10), $"{Show.Count((size + 1023) >> 10)} KiB") : Text.T("metadata.of", Show.Bytes(received), Show.Bytes(size));
}
