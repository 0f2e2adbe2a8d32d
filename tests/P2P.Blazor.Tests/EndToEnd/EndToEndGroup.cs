using P2P.Blazor.Tests.Browser;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>Tests with whole processes run one after the other, after the fast ones: several at once would only measure the machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndToEndGroup : ICollectionFixture<BrowserFixture>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "end to end";

    /// <summary>How long a person may have to wait for anything on a busy machine.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Skips when one of the reasons is not null.</summary>
    internal static void Require(params string?[] reasons) =>
        Assert.SkipWhen(reasons.Any(reason => reason is not null), string.Join(", ", reasons.Where(reason => reason is not null)));
}
