using P2P.Engine.Bencode;
using P2P.Engine.Metainfo;
using Xunit;

namespace P2P.Engine.Tests.Architecture;

/// <summary>Imports run only downward (docs/ARCHITECTURE.md, section 3).</summary>
public sealed class LayerTests
{
    [Fact]
    public void Engine_EveryReference_RunsDownward() => Assert.Empty(LayerRules.Violations(AssemblyReferences.Read(typeof(TorrentEngine).Assembly.Location)));

    [Fact] // the reader sees calls, fields, type arguments and signatures, or the test above proves nothing
    public void AssemblyReferences_KnownMentions_AreFound()
    {
        var found = AssemblyReferences.Read(typeof(TorrentEngine).Assembly.Location);

        Assert.Contains(new TypeReference(typeof(MetainfoReader).FullName!, typeof(RawValue).FullName!), found);
        Assert.Contains(new TypeReference(typeof(MetainfoSyntax).FullName!, typeof(BencodeReader).FullName!), found);
        Assert.Contains(new TypeReference(typeof(TorrentMetainfo).FullName!, typeof(Engine.Primitives.InfoHash).FullName!), found);
        Assert.Contains(new TypeReference(typeof(TorrentMetainfo).FullName!, typeof(MetainfoFile).FullName!), found);
        Assert.Contains(new TypeReference(typeof(MetainfoReader).FullName!, typeof(BencodeException).FullName!), found);
        Assert.DoesNotContain(found, reference => reference.From.StartsWith("P2P.Engine.Bencode.", StringComparison.Ordinal)
            && reference.To.StartsWith("P2P.Engine.Metainfo.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Bencode.A", "Metainfo.B", "upward")]
    [InlineData("Bencode.A", "Runtime.B", "sideways")]
    [InlineData("Primitives.A", "Diagnostics.B", "upward")]
    [InlineData("Storage.A", "Peers.B", "sideways")]
    [InlineData("Storage.A", "Transport.B", "Storage may not know Transport")]
    [InlineData("Peers.A", "Swarm.B", "upward")]
    [InlineData("Discovery.Trackers.A", "Swarm.B", "upward")]
    [InlineData("Swarm.A", "Discovery.Trackers.B", "Swarm may not know Discovery")]
    [InlineData("Session.A", "Persistence.B", "sideways")]
    [InlineData("Session.A", "TorrentEngine", "only the root may steer the engine")]
    [InlineData("Swarm.A", "TorrentHandle", "only the root may steer the engine")]
    [InlineData("Utilities.A", "Primitives.B", "a folder without a rank")]
    public void Violations_ForgedReference_IsNamed(string from, string to, string why)
    {
        var violation = Assert.Single(LayerRules.Violations([new TypeReference("P2P.Engine." + from, "P2P.Engine." + to)]));

        Assert.Equal($"P2P.Engine.{from} -> P2P.Engine.{to}: {why}", violation);
    }

    [Theory]
    [InlineData("Metainfo.A", "Bencode.B")]
    [InlineData("Peers.A", "Transport.B")]
    [InlineData("Swarm.A", "Storage.B")]
    [InlineData("Session.A", "Discovery.Trackers.B")]
    [InlineData("Persistence.A", "Session.B")]
    [InlineData("TorrentEngine", "Session.B")]
    [InlineData("Swarm.A", "TorrentSnapshot")]
    [InlineData("Metainfo.A", "TorrentEngineException")]
    public void Violations_AllowedReference_IsNone(string from, string to) =>
        Assert.Empty(LayerRules.Violations([new TypeReference("P2P.Engine." + from, "P2P.Engine." + to), new TypeReference("P2P.Engine." + from, "System.String")]));
}
