using Microsoft.AspNetCore.Components;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.TorrentDetail;

/// <summary>The texts of one peer's row, kept from beat to beat so that only what changed is written anew. One circuit's own.</summary>
/// <remarks>Gates and rates follow every beat; figures nobody reads each second (sums, averages, wants) every third, each row in its own turn.</remarks>
public sealed class PeerLine
{
    private const int CalmBeats = 3;
    private static readonly MarkupString Down = Icon.Small("down");
    private static readonly MarkupString Up = Icon.Small("up");
    private static readonly MarkupString Lock = Icon.Small("lock");
    private static readonly MarkupString Dice = Icon.Small("dice");

    private PeerSnapshot? _drawn;
    private PeerSnapshot? _calm;
    private ChokeDecision? _calmDecision;
    private ChokeDecision? _decision;
    private bool _isSeeding;
    private int _window;
    private bool _isOpen;
    private bool _wasOpen;
    private bool _isChanged;
    private int _beat;
    private string _client = "";
    private string _who = "";
    private string _from = "";
    private string _fromAverage = "";
    private string _to = "";
    private string _toAverage = "";
    private string _theyWant = "";
    private string _weWant = "";
    private string _asked = "";
    private string _toAnswer = "";
    private string _why = "";
    private string _got = "";
    private string _gave = "";
    private string _has = "";

    /// <summary>A line for this peer of the torrent whose page is <paramref name="page"/>.</summary>
    public PeerLine(PeerSnapshot peer, string page)
    {
        Peer = peer;
        Endpoint = peer.Endpoint.ToString();
        Id = IdOf(Endpoint);
        Link = LinkOf(page, Endpoint);
        Since = Text.T("peers.since", Show.Clock(peer.ConnectedAt));
        _beat = (int)((uint)peer.Endpoint.GetHashCode() % CalmBeats);
    }

    /// <summary>As given last.</summary>
    public PeerSnapshot Peer { get; private set; }

    /// <summary>Seen in this beat; for who keeps the lines.</summary>
    public long Seen { get; set; }

    /// <summary>Address and port.</summary>
    public string Endpoint { get; }

    /// <summary>Of the link in the page, to come back to.</summary>
    public string Id { get; }

    /// <summary>Opens its details.</summary>
    public string Link { get; }

    /// <summary>When it connected.</summary>
    public string Since { get; }

    /// <summary>Client, and who called whom.</summary>
    public string Who => _who;

    /// <summary>"34 %" or "seed".</summary>
    public string Has => _has;

    /// <summary>A CSS width.</summary>
    public string Width { get; private set; } = "0%";

    /// <summary>Whether they let us download.</summary>
    public string They { get; private set; } = "";

    /// <summary>Whether we let them.</summary>
    public string You { get; private set; } = "";

    /// <summary>Beside <see cref="They"/>.</summary>
    public MarkupString TheyIcon { get; private set; }

    /// <summary>Beside <see cref="You"/>.</summary>
    public MarkupString YouIcon { get; private set; }

    /// <summary>Rate from the peer now.</summary>
    public string From => _from;

    /// <summary>The same over the window of the choker, when it is what ranks; else empty.</summary>
    public string FromAverage => _fromAverage;

    /// <summary>Rate to the peer now.</summary>
    public string To => _to;

    /// <summary>The same over the window, when seeding; else empty.</summary>
    public string ToAverage => _toAverage;

    /// <summary>What it wants of us.</summary>
    public string TheyWant => _theyWant;

    /// <summary>What we want of it.</summary>
    public string WeWant => _weWant;

    /// <summary>Requests of ours.</summary>
    public string Asked => _asked;

    /// <summary>Requests of theirs.</summary>
    public string ToAnswer => _toAnswer;

    /// <summary>One sentence.</summary>
    public string Why => _why;

    /// <summary>Bytes from it.</summary>
    public string Got => _got;

    /// <summary>Bytes to it.</summary>
    public string Gave => _gave;

    /// <summary>Its details are open.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Id of a peer's link.</summary>
    public static string IdOf(string endpoint) => $"peer-{endpoint}";

    /// <summary>Address of a peer's details.</summary>
    public static string LinkOf(string page, string endpoint) => $"{page}?peer={Uri.EscapeDataString(endpoint)}";

    /// <summary>Takes what the beat says; nothing is written before <see cref="Refresh"/>.</summary>
    public void Give(PeerSnapshot peer, ChokeDecision? decision, ChokingSnapshot choking, bool isOpen) =>
        (Peer, _decision, _isSeeding, _window, _isOpen) = (peer, decision, choking.IsSeeding, (int)choking.RateWindow.TotalSeconds, isOpen);

    /// <summary>Writes the texts; answers whether one of them changed.</summary>
    public bool Refresh()
    {
        var (peer, before) = (Peer, _drawn);
        _isChanged = before is null || _isOpen != _wasOpen;
        _wasOpen = _isOpen;
        var isTurn = _beat++ % CalmBeats == 0 || before is null;
        if (before is null || before.IsChoking != peer.IsChoking || before.AmChoking != peer.AmChoking || before.IsOptimistic != peer.IsOptimistic)
        {
            (They, You) = (PeerWords.TheyLetUs(peer), PeerWords.WeLetThem(peer));
            (TheyIcon, YouIcon) = (peer.IsChoking ? Lock : Down, peer.AmChoking ? Lock : peer.IsOptimistic ? Dice : Up);
            (_isChanged, isTurn) = (true, true);
        }

        if (before is null || before.DownloadRate != peer.DownloadRate)
        {
            Set(ref _from, Show.RateOrDash(peer.DownloadRate));
        }

        if (before is null || before.UploadRate != peer.UploadRate)
        {
            Set(ref _to, Show.RateOrDash(peer.UploadRate));
        }

        _drawn = peer;
        if (isTurn)
        {
            TakeCalm(peer);
        }

        return _isChanged;
    }

    private void TakeCalm(PeerSnapshot peer)
    {
        if (_calm is { } calm && calm.Equals(peer) && Equals(_calmDecision, _decision))
        {
            return;
        }

        if (_calm is null || _calm.Client != peer.Client)
        {
            _client = peer.Client.Length > 0 ? peer.Client : Text.T("peers.unknown-client");
            Set(ref _who, $"{_client} · {Text.T(peer.IsIncoming ? "peers.incoming" : "peers.outgoing")}");
        }

        if (_calm is null || (int)(_calm.Progress * 100) != (int)(peer.Progress * 100) || _calm.IsSeed != peer.IsSeed)
        {
            Set(ref _has, peer.IsSeed ? Text.T("peers.seed") : $"{(int)(peer.Progress * 100)}\u00A0%");
            Width = $"{(int)(peer.Progress * 100)}%";
        }

        Set(ref _fromAverage, _decision is null || _isSeeding || _decision.RateUsed == 0 ? "" : Text.T("peers.average", _window, Show.Rate(_decision.RateUsed)));
        Set(ref _toAverage, _decision is null || !_isSeeding || _decision.RateUsed == 0 ? "" : Text.T("peers.average", _window, Show.Rate(_decision.RateUsed)));
        Set(ref _theyWant, PeerWords.TheyWant(peer));
        Set(ref _weWant, PeerWords.WeWant(peer));
        Set(ref _asked, PeerWords.Asked(peer));
        Set(ref _toAnswer, PeerWords.ToAnswer(peer));
        Set(ref _why, PeerWords.Why(peer, _decision));
        Set(ref _got, Show.Bytes(peer.Downloaded));
        Set(ref _gave, Show.Bytes(peer.Uploaded));
        (_calm, _calmDecision) = (peer, _decision);
    }

    private void Set(ref string shown, string text)
    {
        if (!string.Equals(shown, text, StringComparison.Ordinal))
        {
            (shown, _isChanged) = (text, true);
        }
    }
}
