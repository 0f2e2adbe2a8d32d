using CsCheck;
using P2P.Engine.Persistence;
using P2P.Engine.Session.History;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

/// <summary>Log files: what is whole is read, from the first damage on nothing is.</summary>
public sealed class FrameLogTests
{
    private static Gen<byte[][]> Logs { get; } = Gen.Byte.Array[1, 60].Array[0, 20];

    [Fact]
    public void Encode_TwoFrames_IsThisVector() => Assert.Equal(
        "5032504C4F47310A" + "01000000" + Convert.ToHexString(FrameLog.Encode([[0x61]], withHeader: false))[8..16] + "61",
        Convert.ToHexString(FrameLog.Encode([[0x61]], withHeader: true)));

    [Fact]
    public void Read_WholeFile_GivesAllFrames() => Logs.Sample(log =>
    {
        var file = FrameLog.Encode(log, withHeader: true);
        Assert.Equal(log, FrameLog.Read(file, out var valid));
        Assert.Equal(file.Length, valid);
    });

    [Fact]
    public void Read_TornAnywhere_GivesTheFramesBefore() => Gen.Select(Logs, Gen.Int[0, 2_000]).Sample((log, cut) =>
    {
        var file = FrameLog.Encode(log, withHeader: true)[..Math.Min(cut, FrameLog.Encode(log, withHeader: true).Length)];
        var read = FrameLog.Read(file, out var valid);
        Assert.InRange(valid, 0, file.Length);
        Assert.Equal(log.Take(read.Length), read);
        Assert.Equal(file.Length < FrameLog.Header.Length ? 0 : FrameLog.Encode(read, withHeader: true).Length, valid);
    });

    [Fact]
    public void Read_OneByteWrong_GivesTheFramesBeforeIt() => Gen.Select(Logs, Gen.Int[0, 2_000], Gen.Byte[1, 255]).Sample((log, place, flip) =>
    {
        var file = FrameLog.Encode(log, withHeader: true);
        file[place % file.Length] ^= flip;
        var read = FrameLog.Read(file, out var valid);
        Assert.Equal(log.Take(read.Length), read);
        Assert.InRange(valid, 0, place % file.Length);
    });

    [Fact]
    public void Read_AnyBytes_NeverThrows() =>
        Gen.Byte.Array[0, 200].Sample(bytes => FrameLog.Read([.. FrameLog.Header, .. bytes], out _));

    [Fact]
    public void Encode_EmptyAndTooLongFrames_AreLeftOut() => Assert.Equal(
        [[1]], FrameLog.Read(FrameLog.Encode([[], [1], new byte[JournalName.MaxFrame + 1]], withHeader: true), out _));
}
