using LayerStream.Planning.Drafts;

namespace LayerStream.Planning.Tests;

/// <summary>Guesses from the text while a copy of it with changes is written.</summary>
public sealed class PromptDrafterTests
{
    private static readonly int[] s_text = [.. Enumerable.Range(100, 40)];

    [Fact]
    public void Copy_WithAChangedToken_GoesOnBehindIt()
    {
        PromptDrafter drafter = new();
        int[] drafts = new int[4];
        List<int> history = [.. s_text, 7, 8, .. s_text[..10]];
        Assert.Equal(s_text[10..14], Guesses(drafter, history, drafts));
        history.Add(999); // instead of the eleventh
        Assert.Equal(s_text[11..15], Guesses(drafter, history, drafts));
        Assert.True(drafter.Sureness(0) > 0);
        history.AddRange(s_text[11..13]);
        Assert.Equal(s_text[13..17], Guesses(drafter, history, drafts));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Copy_WithTokensLeftOut_GoesOnWhereTheTextIs(int left)
    {
        PromptDrafter drafter = new();
        int[] drafts = new int[4];
        // The token behind the gap stands at other places too, the last one nearer to the end than the copied text.
        List<int> history = [.. s_text, s_text[10 + left], 7, 8, .. s_text[..10]];
        Assert.Equal(s_text[10..14], Guesses(drafter, history, drafts));
        history.Add(s_text[10 + left]);
        Assert.Equal(s_text[(11 + left)..(15 + left)], Guesses(drafter, history, drafts));
    }

    [Fact]
    public void Copy_WithATokenPutIn_GoesOnBehindIt()
    {
        PromptDrafter drafter = new();
        int[] drafts = new int[4];
        List<int> history = [.. s_text, 7, 8, .. s_text[..10]];
        Guesses(drafter, history, drafts);
        history.Add(999);
        Guesses(drafter, history, drafts);
        history.Add(s_text[10]);
        Assert.Equal(s_text[11..15], Guesses(drafter, history, drafts));
    }

    [Fact]
    public void Propose_WithALongMatchAndANewerOne_TakesTheLongOne()
    {
        int[] first = [.. s_text[..12], 1, 2, 3, 4], second = [999, .. s_text[4..12], 5, 6, 7, 8];
        List<int> history = [.. first, .. second, .. s_text[..12]];
        Assert.Equal([1, 2, 3, 4], Guesses(new PromptDrafter(), history, new int[4]));
    }

    [Fact]
    public void Sureness_OfLaterGuesses_IsThatOfLongerMatches()
    {
        List<int> history = [.. s_text, 7, s_text[5], s_text[6]];
        PromptDrafter drafter = new();
        Guesses(drafter, history, new int[8]);
        int[] levels = [.. Enumerable.Range(0, 8).Select(drafter.Sureness)];
        Assert.Equal(levels.Order(), levels);
        Assert.True(levels[7] > levels[0]);
    }

    [Fact]
    public void Guesses_WithEditsEverySoOften_AreMostlyRight()
    {
        Random random = new(5);
        int[] source = [.. Enumerable.Range(0, 400).Select(_ => random.Next(60))];
        List<int> edited = [];
        for (int i = 0; i < source.Length; i++)
        {
            int change = i % 12 == 11 ? random.Next(3) : -1;
            if (change == 0)
            {
                edited.Add(1000 + random.Next(50));
            }
            else if (change != 1)
            {
                edited.Add(source[i]);
                if (change == 2)
                {
                    edited.Add(1000 + random.Next(50));
                }
            }
        }

        PromptDrafter drafter = new();
        List<int> history = [.. source, 5000, .. edited[..8]];
        int[] drafts = new int[1];
        int right = 0;
        for (int i = 8; i < edited.Count; i++)
        {
            right += drafter.Propose(history, drafts) > 0 && drafts[0] == edited[i] ? 1 : 0;
            history.Add(edited[i]);
        }

        Assert.InRange((double)right / (edited.Count - 8), 0.85, 1);
    }

    private static int[] Guesses(PromptDrafter drafter, List<int> history, int[] drafts) => drafts[..drafter.Propose(history, drafts)];
}
