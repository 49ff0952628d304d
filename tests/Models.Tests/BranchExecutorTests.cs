using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class BranchExecutorTests
{
    [Fact]
    public void Table_EveryKindOfBranch_HasAnExecutor()
    {
        IEnumerable<Type> kinds = typeof(BranchSpec).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(BranchSpec)) && !t.IsAbstract);
        Assert.Equal(kinds.OrderBy(t => t.Name), BranchExecutors.Kinds.OrderBy(t => t.Name));
    }
}
