using System.Net;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class AddressLimitsTests
{
    [Theory]
    [InlineData("203.0.113.7", "", false)]
    [InlineData("203.0.113.7", "203.0.113.8", false)]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("127.0.0.1", "127.0.0.1 127.0.0.1", false)]
    [InlineData("192.168.1.5", "192.168.1.5", false)]
    [InlineData("172.16.0.1", "172.16.0.1", false)]
    [InlineData("172.32.0.1", "172.32.0.1", true)]
    [InlineData("2001:db8::1", "2001:db8::2 2001:db8::3", false)]
    [InlineData("2001:db8::1", "2001:db8::2 2001:db8::3 2001:db8::4", true)] // W61
    [InlineData("2001:db8:0:1::1", "2001:db8::2 2001:db8::3 2001:db8::4", false)]
    [InlineData("::1", "::1 ::1 ::1 ::1", false)]
    public void IsFull_ConnectedAddresses_CountsPublicOnesOnly(string address, string connected, bool expected) => Assert.Equal(
        expected,
        AddressLimits.IsFull(IPAddress.Parse(address), connected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)));
}
