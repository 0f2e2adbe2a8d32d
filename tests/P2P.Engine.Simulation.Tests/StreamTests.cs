using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Reading a file that is still coming: what is waited for comes first, in order.</summary>
public sealed class StreamTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(1 << 20)]
    public void A_reader_in_the_middle_gets_its_bytes_long_before_the_download_is_done(int pieceLength)
    {
        var swarm = new SwarmBuilder(71).Sharing(32 << 20, pieceLength).Seeds(2, up: 200_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(5));
        var loop = leech.Engine.Session.Ports[swarm.Torrent.InfoHash].Loop;
        var (reader, offset, began) = (new object(), 20_000_123L, swarm.World.Elapsed);
        for (var got = 0; got < 2 << 20;)
        {
            var reply = new TaskCompletionSource<ReadOnlyMemory<byte>>();
            loop.Post(new TorrentCommand.ReadFile(reader, offset + got, 100_000, swarm.Torrent.Length, reply));
            var bytes = swarm.World.Complete(reply.Task, Limit);
            Assert.InRange(bytes.Length, 1, 100_000);
            for (var i = 0; i < bytes.Length; i++)
            {
                var at = offset + got + i;
                var block = swarm.Torrent.Metainfo.Geometry.BlockAt(swarm.Torrent.Metainfo.Geometry.PieceAt(at), (int)(at % pieceLength / (16 * 1024)));
                Assert.Equal(swarm.Torrent.Block(block).Span[(int)(at % (16 * 1024))], bytes.Span[i]);
            }

            got += bytes.Length;
        }

        var (took, have) = (swarm.World.Elapsed - began, leech.Row(swarm.Torrent)!.Progress);
        output.WriteLine($"2 MiB from the middle after {took.TotalSeconds:0.0} s, when {have:P0} of all were here");
        Assert.InRange(have, 0, 0.35);

        loop.Post(new TorrentCommand.CloseReader(reader));
        Assert.True(swarm.RunUntilComplete(Limit, leech));
    }

    [Fact]
    public void A_reader_of_what_is_not_wanted_or_does_not_run_is_told()
    {
        var swarm = new SwarmBuilder(72).SharingFiles([1_000_000, 1_000_000], 64 * 1024).Seeds(1, up: 50_000).Leechers(1).Build();
        var (seed, leech) = (swarm["seed0"], swarm["leech0"]);
        seed.Start();
        seed.Add(swarm.Torrent);
        leech.Start();
        leech.Add(swarm.Torrent, priorities: [FilePriority.Normal, FilePriority.Skip]);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        var loop = leech.Engine.Session.Ports[swarm.Torrent.InfoHash].Loop;
        Assert.Equal("file.not_wanted", Refusal(1_500_000));

        var waiting = Read(900_000);
        leech.StopTorrent(swarm.Torrent);
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.Equal("stream.stopped", Assert.IsType<TorrentEngineException>(waiting.Exception!.InnerException).Code);
        Assert.Equal("stream.stopped", Refusal(0));

        string Refusal(long offset)
        {
            var read = Read(offset);
            swarm.World.Run(TimeSpan.FromSeconds(1));
            return Assert.IsType<TorrentEngineException>(read.Exception!.InnerException).Code;
        }

        Task<ReadOnlyMemory<byte>> Read(long offset)
        {
            var reply = new TaskCompletionSource<ReadOnlyMemory<byte>>();
            loop.Post(new TorrentCommand.ReadFile(new object(), offset, 1_000, 2_000_000, reply));
            return reply.Task;
        }
    }
}
