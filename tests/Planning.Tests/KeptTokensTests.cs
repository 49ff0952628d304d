using LayerStream.Planning.Batches;

namespace LayerStream.Planning.Tests;

public sealed class KeptTokensTests
{
    private static readonly int[] s_tokens = [1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData(6, 1, 2, 3, 4, 5, 6, 7, 8)]  // goes on
    [InlineData(5, 1, 2, 3, 4, 5, 6)]        // the same again: its last token's logits are wanted
    [InlineData(2, 1, 2, 9, 4, 5, 6, 7)]     // rewritten in the middle
    [InlineData(0, 9, 2, 3)]
    [InlineData(0, 1)]
    public void ResumeAt_StatesThatCanBeCut_IsTheLongestCommonPrefix(int expected, params int[] prompt) =>
        Assert.Equal(expected, new KeptTokens(s_tokens, null).ResumeAt(prompt));

    [Theory]
    [InlineData(6, 1, 2, 3, 4, 5, 6, 7, 8)]
    [InlineData(3, 1, 2, 3, 4, 5, 6)]
    [InlineData(0, 1, 2, 9, 4, 5, 6, 7)]
    public void ResumeAt_RecurrentStates_IsABorderWithinThePrefix(int expected, params int[] prompt) =>
        Assert.Equal(expected, new KeptTokens(s_tokens, [3, 6]).ResumeAt(prompt));

    [Theory]
    [InlineData(6, 1, 2, 3, 4, 5, 6, 7, 8)]
    [InlineData(4, 1, 2, 3, 4, 9)]
    [InlineData(0, 1, 2, 3, 9)]
    public void ResumeAt_StatesThatGaveTheirBeginningUp_IsWhereTheyCanGoOn(int expected, params int[] prompt) =>
        Assert.Equal(expected, new KeptTokens(s_tokens, null, Least: 4).ResumeAt(prompt));
}
