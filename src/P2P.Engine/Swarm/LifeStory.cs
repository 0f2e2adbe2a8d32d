using System.Globalization;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using static P2P.Engine.DiagnosisArgument;

namespace P2P.Engine.Swarm;

/// <summary>Tells the turns of a torrent's life as events: started or resumed and with what, checked, stopped, failed, moved. Loop only.</summary>
internal sealed class LifeStory(TorrentLoop loop, TorrentCore core)
{
    private string? _failure;

    // A start of the program starts most torrents: of those that are complete the session's own event is enough.
    private bool _isFirstStart = core.Setup.WillStart;

    /// <summary>It transfers from now on.</summary>
    public void OnActive()
    {
        var (kept, pieces) = (core.Have.Count, core.Geometry.PieceCount);
        if (_failure is { } code)
        {
            Tell(EngineEventKind.Recovered, "It goes on after a disk error.", Words("code", code));
        }
        else if (kept > 0 && !core.IsComplete)
        {
            Tell(
                EngineEventKind.Resumed,
                string.Create(CultureInfo.InvariantCulture, $"Resumed with {100.0 * kept / pieces:0.0} % kept: {kept:N0} of {pieces:N0} pieces are here."),
                Number("kept", kept), Number("pieces", pieces));
        }
        else if (!core.IsComplete || !_isFirstStart)
        {
            Tell(EngineEventKind.Started, core.IsComplete ? "Started: complete, it seeds." : "Started: nothing of it is here yet.");
        }

        (_failure, _isFirstStart) = (null, false);
    }

    /// <summary>A check ended.</summary>
    public void OnChecked(string? purpose, int pieces, Bitfield trusted)
    {
        var right = core.Have.Count - trusted.Count;
        var why = string.IsNullOrEmpty(purpose) ? "Checked the files" : purpose;
        var rest = right < pieces ? "; what is missing is fetched again" : "";
        Tell(
            EngineEventKind.CheckFinished,
            string.Create(CultureInfo.InvariantCulture, $"{why}: done, {right:N0} of {pieces:N0} pieces are right{rest}."),
            Words("purpose", why), Number("right", right), Number("pieces", pieces));
    }

    /// <summary>It stopped because it was told to.</summary>
    public void OnStopped() => Tell(EngineEventKind.Stopped, "Stopped by you.");

    /// <summary>It cannot go on; told once while it tries again by itself and finds the same.</summary>
    public void OnFailed(DiskError error)
    {
        if (_failure == error.Code)
        {
            return;
        }

        _failure = error.Code;
        if (error is { Code: "disk.full", NeededBytes: { } needed, FreeBytes: { } free })
        {
            Tell(EngineEventKind.DiskFull, error.Message, Bytes("needed", needed), Bytes("free", free));
        }
        else
        {
            Tell(error.Code == "disk.full" ? EngineEventKind.DiskFull : EngineEventKind.Failed, error.Message, Words("code", error.Code));
        }
    }

    /// <summary>Finished files are where they belong.</summary>
    public void OnMoved() => Tell(EngineEventKind.Moved, $"The finished files are in {core.Setup.Storage.SharedRoot}.", Words("path", core.Setup.Storage.SharedRoot));

    private void Tell(EngineEventKind kind, string sentence, params ReadOnlySpan<DiagnosisArgument> arguments) =>
        core.Context.Host.OnEvent(loop, new TorrentNews(kind, sentence, [.. arguments]));
}
