using System.Net;
using P2P.Engine.Discovery;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class SourceGateTests
{
    private static readonly IPAddress Neighbour = IPAddress.Parse("192.168.1.7");

    private readonly SourceGate _gate = new();

    [Fact] // row L06
    public void TryPass_L06_TenThousandASecond_OneASecondPasses()
    {
        var passed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            passed += _gate.TryPass(Neighbour, i / 10) ? 1 : 0;
        }

        Assert.InRange(passed, 10, 10 + SourceGate.Burst);
    }

    [Fact]
    public void TryPass_AFewInstancesOnOneMachine_AllPassAtOnceAndAgainLater()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < SourceGate.Burst; i++)
            {
                Assert.True(_gate.TryPass(Neighbour, round * 10_000));
            }

            Assert.False(_gate.TryPass(Neighbour, round * 10_000));
        }
    }

    [Fact]
    public void TryPass_AFlood_DoesNotSilenceOthers()
    {
        for (var i = 0; i < 1000; i++)
        {
            _gate.TryPass(Neighbour, 5);
        }

        Assert.True(_gate.TryPass(IPAddress.Parse("192.168.1.8"), 5));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void TryPass_TheLoopback_HasRoomForManyInstances(string address)
    {
        var passed = Enumerable.Range(0, 1000).Count(_ => _gate.TryPass(IPAddress.Parse(address), 5));

        Assert.Equal(SourceGate.LoopbackBurst, passed);
    }

    [Fact]
    public void TryPass_InventedAddresses_AreForgottenWhenTheirTimeIsOver()
    {
        var flood = Enumerable.Range(0, 100_000).Count(i => _gate.TryPass(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 0));

        Assert.Equal(1024, flood);
        Assert.False(_gate.TryPass(Neighbour, 0));
        Assert.True(_gate.TryPass(Neighbour, 2000));
    }
}
