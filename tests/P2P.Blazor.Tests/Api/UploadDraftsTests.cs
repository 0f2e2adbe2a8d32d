using Microsoft.Extensions.Time.Testing;
using P2P.Blazor.Api;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>The bounds of kept uploads.</summary>
public sealed class UploadDraftsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly UploadDrafts _drafts;

    public UploadDraftsTests() => _drafts = new UploadDrafts(_clock);

    [Fact]
    public void Keep_OneTooMany_TheOldestLeaves()
    {
        var ids = Enumerable.Range(0, UploadDrafts.MaxCount + 1).Select(i => _drafts.Keep([(byte)i])).ToList();
        Assert.Equal("upload.not_found", Assert.Throws<TorrentEngineException>(() => _drafts.Find(ids[0])).Code);
        Assert.Equal([1], _drafts.Find(ids[1]));
        Assert.Equal([UploadDrafts.MaxCount], _drafts.Find(ids[^1]));
    }

    [Fact]
    public void Keep_TooManyBytes_TheOldestLeave()
    {
        var large = new byte[TorrentUpload.MaxFileBytes];
        var ids = Enumerable.Range(0, 5).Select(_ => _drafts.Keep(large)).ToList();
        Assert.Throws<TorrentEngineException>(() => _drafts.Find(ids[0]));
        Assert.All(ids.Skip(1), id => Assert.Same(large, _drafts.Find(id)));
    }

    [Fact]
    public void Find_JustBeforeTheEnd_IsThere()
    {
        var id = _drafts.Keep([1]);
        _clock.Advance(UploadDrafts.Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal([1], _drafts.Find(id));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Throws<TorrentEngineException>(() => _drafts.Find(id));
    }

    [Fact]
    public void Keep_Twice_IdsDifferAndHave128Bits()
    {
        var (first, second) = (_drafts.Keep([1]), _drafts.Keep([1]));
        Assert.NotEqual(first, second);
        Assert.Matches("^[0-9a-f]{32}$", first);
    }
}
