using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>Readers of files that are still coming: gives the pieces they wait for to the picker as urgent ones, and reads them once they are here. Loop only.</summary>
/// <remarks>
/// A reader has one read under way at a time; the pieces from its place on, <see cref="WindowBytes"/> far, are asked for before all others and
/// in order. A reader that is closed, or reads elsewhere, gives its window up.
/// </remarks>
internal sealed class TorrentStreams(TorrentCore core, Downloader downloader)
{
    /// <summary>What a player buffers at most: some seconds of video.</summary>
    private const long WindowBytes = 8L << 20;

    /// <summary>Blocks of one read: 256 KiB.</summary>
    private const int MaxBlocks = 16;

    private readonly Dictionary<object, TorrentCommand.ReadFile> _waiting = [];
    private readonly Dictionary<object, (int First, int Last)> _windows = [];

    /// <summary>What is said to whoever reads from a torrent that does not run.</summary>
    public static TorrentEngineException Stopped() => new("stream.stopped", "A torrent that is stopped, waits for its turn or is being checked gives whole files only, and this one is not whole: start it, or ask again after its check.");

    /// <summary>What is said to whoever reads a file that is left out.</summary>
    public static TorrentEngineException NotWanted() => new("file.not_wanted", "This file is not chosen for download: choose it first.");

    /// <summary>A reader wants bytes.</summary>
    public void Read(TorrentCommand.ReadFile read)
    {
        var piece = core.Geometry.PieceAt(read.Offset);
        if (!core.IsTransferring)
        {
            read.Reply.TrySetException(Stopped());
        }
        else if (core.Have[piece])
        {
            Move(read, piece);
            Begin(read, piece);
        }
        else if (!core.Picker.IsWanted(piece))
        {
            read.Reply.TrySetException(NotWanted());
        }
        else
        {
            Move(read, piece);
            _waiting[read.Reader] = read;
        }
    }

    /// <summary>A reader is closed, or gives up the read it waits for.</summary>
    public void Close(object reader)
    {
        _waiting.Remove(reader);
        if (_windows.Remove(reader))
        {
            Apply();
        }
    }

    /// <summary>A piece is right and on disk.</summary>
    public void OnVerified(int piece)
    {
        foreach (var (reader, read) in _waiting)
        {
            if (core.Geometry.PieceAt(read.Offset) == piece)
            {
                _waiting.Remove(reader); // .NET lets entries be removed while a dictionary is enumerated.
                Begin(read, piece);
            }
        }
    }

    /// <summary>Other files are wanted now: who waits for one that is not need not wait.</summary>
    public void OnWanted()
    {
        foreach (var (reader, read) in _waiting)
        {
            var piece = core.Geometry.PieceAt(read.Offset);
            if (!core.Have[piece] && !core.Picker.IsWanted(piece))
            {
                _waiting.Remove(reader);
                read.Reply.TrySetException(NotWanted());
            }
        }
    }

    /// <summary>Blocks were read for a reader.</summary>
    public void OnRead(TorrentCommand.ReadFile read, DiskCompletion.BlocksRead completion)
    {
        if (completion.Error is { } error)
        {
            read.Reply.TrySetException(new TorrentEngineException(error.Code, error.Message));
            return;
        }

        var bytes = new byte[read.Length];
        var filled = 0;
        foreach (var (block, data) in completion.Blocks)
        {
            // The first block may begin before the place asked for.
            var skipped = (int)Math.Max(0, read.Offset - core.Geometry.OffsetOf(block.Piece) - block.Begin);
            var part = data.Span[skipped..block.Length];
            part = part[..Math.Min(part.Length, bytes.Length - filled)];
            part.CopyTo(bytes.AsSpan(filled));
            filled += part.Length;
            data.Return();
        }

        read.Reply.TrySetResult(bytes.AsMemory(0, filled));
    }

    /// <summary>The torrent no longer transfers: nobody need wait.</summary>
    public void End()
    {
        foreach (var read in _waiting.Values)
        {
            read.Reply.TrySetException(Stopped());
        }

        _waiting.Clear();
        _windows.Clear();
        core.Picker.Urgent = [];
    }

    // The blocks of one piece from the place on; the reader asks again for what is beyond.
    private void Begin(TorrentCommand.ReadFile read, int piece)
    {
        var offset = (int)(read.Offset - core.Geometry.OffsetOf(piece));
        var first = offset / PieceGeometry.BlockLength;
        var last = Math.Min((offset + read.Length - 1) / PieceGeometry.BlockLength, core.Geometry.BlockCountOf(piece) - 1);
        last = Math.Min(last, first + MaxBlocks - 1);
        core.Storage!.ReadBlocks([.. Enumerable.Range(first, last - first + 1).Select(index => core.Geometry.BlockAt(piece, index))], read);
    }

    private void Move(TorrentCommand.ReadFile read, int piece)
    {
        var ahead = Math.Max(1, (int)(WindowBytes / core.Geometry.PieceLength));
        var window = (piece, Math.Min(core.Geometry.PieceAt(Math.Max(read.Offset, read.FileEnd - 1)), piece + ahead));
        if (_windows.GetValueOrDefault(read.Reader, (-1, -1)) != window)
        {
            _windows[read.Reader] = window;
            Apply();
        }
    }

    // The nearest first, whichever reader it is for.
    private void Apply()
    {
        core.Picker.Urgent =
        [
            .. _windows.Values
                .SelectMany(static window => Enumerable.Range(window.First, window.Last - window.First + 1).Select(piece => (Piece: piece, Distance: piece - window.First)))
                .Where(urgent => !core.Have[urgent.Piece]).OrderBy(static urgent => urgent.Distance).Select(static urgent => urgent.Piece).Distinct(),
        ];
        foreach (var peer in core.Picker.Urgent.Length > 0 ? core.Peers.Values.ToArray() : [])
        {
            downloader.RequestMore(peer);
        }
    }
}
