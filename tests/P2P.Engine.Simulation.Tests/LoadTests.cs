using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Starts that find a .torrent missing, changed or swapped in the store: said, left alone, and no harm to the others (row S08).</summary>
public sealed class LoadTests
{
    private readonly SimulatedWorld _world = new(1);
    private readonly SimulatedHost _host;
    private readonly SimulatedTorrent[] _torrents;

    public LoadTests()
    {
        var network = new SimulatedNetwork(_world);
        _host = new SimulatedHost(network, "host", System.Net.IPAddress.Parse("10.0.0.1"), new Link());
        _torrents = [.. Enumerable.Range(0, 6).Select(i => new SimulatedTorrent(_world, $"torrent{i}", [100_000], 16 * 1024, hasTracker: false))];
        _host.Start();
        foreach (var torrent in _torrents)
        {
            _host.Add(torrent, start: false);
        }

        _host.Stop();
    }

    [Fact]
    public void Start_AllIsWell_SaysNothing()
    {
        _host.Start();

        Assert.Null(_host.Engine.Snapshot.RecoveryNotice);
        Assert.Equal(6, _host.Engine.Snapshot.Torrents.Length);
    }

    [Fact]
    public void Start_TorrentFileOfAnother_IsNotLoadedAndKept()
    {
        Swap(_torrents[0], _torrents[1].File);

        _host.Start();

        Assert.Null(_host.Engine.Find(_torrents[0].InfoHash));
        Assert.Equal(
            $"torrent0 was not loaded: the .torrent kept for it is another torrent's ({_torrents[1].InfoHash}); "
            + "add the right .torrent again, and what is on disk is checked and kept.",
            _host.Engine.Snapshot.RecoveryNotice);
        Assert.Equal(5, _host.Engine.Snapshot.Torrents.Length);
        Assert.Equal(_torrents[1].File, _host.Store.Torrents[_torrents[0].InfoHash].File);
    }

    [Fact]
    public void Start_TorrentFileMissing_SaysSoAndTakesItBackWhenAdded()
    {
        Swap(_torrents[2], []);

        _host.Start();

        Assert.Contains("torrent2 was not loaded: its .torrent is missing", _host.Engine.Snapshot.RecoveryNotice, StringComparison.Ordinal);
        Assert.True(_host.Store.Torrents.ContainsKey(_torrents[2].InfoHash));
        _host.Add(_torrents[2], start: false);
        Assert.Equal(6, _host.Engine.Snapshot.Torrents.Length);
    }

    [Fact]
    public void Start_SeveralCannotBeLoaded_NamesThreeAndCountsTheRest()
    {
        foreach (var torrent in _torrents[..5])
        {
            Swap(torrent, [(byte)'x']);
        }

        _host.Start();

        var notice = _host.Engine.Snapshot.RecoveryNotice!;
        Assert.Equal(3, notice.Split(" was not loaded: ").Length - 1);
        Assert.EndsWith("2 more were not loaded; the log names them.", notice, StringComparison.Ordinal);
        Assert.Single(_host.Engine.Snapshot.Torrents);
    }

    private void Swap(SimulatedTorrent torrent, byte[] file) => _host.Store.Torrents[torrent.InfoHash] = (_host.Store.Torrents[torrent.InfoHash].Record, file);
}
