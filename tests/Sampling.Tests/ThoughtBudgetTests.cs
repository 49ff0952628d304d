using System.Text;
using LayerStream.Sampling.Grammars;
using Xunit;

namespace LayerStream.Sampling.Tests;

/// <summary>Thoughts that are closed when they have reached their budget; tokens are bytes, and 1 begins a thought.</summary>
public sealed class ThoughtBudgetTests
{
    private static readonly TokenTexts s_texts = new(256, id => [(byte)id], _ => true, new HashSet<int>());
    private static readonly int[] s_closing = [.. Encoding.ASCII.GetBytes("</t>")];

    [Fact]
    public void Apply_OpenThoughtAtItsBudget_IsClosedTokenByToken() =>
        Assert.Equal("aaaa</t>aaaa", Write(new AnswerThought("</t>"u8.ToArray(), true), 4, "aaaaaaaaaaaa"));

    [Fact]
    public void Apply_ThoughtThatEndsEarlier_IsLeftAlone() =>
        Assert.Equal("a</t>bbbbbbb", Write(new AnswerThought("</t>"u8.ToArray(), true), 6, "a</t>bbbbbbb"));

    [Fact]
    public void Apply_ThoughtOfTheModelsOwn_CountsFromItsBeginToken() =>
        Assert.Equal("\u0001aa</t>aaa", Write(new AnswerThought("</t>"u8.ToArray(), false, 1), 2, "\u0001aaaaaaaaa"));

    [Fact]
    public void Apply_AnswerWithoutAThought_IsLeftAlone() =>
        Assert.Equal("hello world", Write(new AnswerThought("</t>"u8.ToArray(), false, 1), 2, "hello world"));

    [Fact]
    public void Apply_BudgetOfNothing_DoesNotLetAThoughtBegin()
    {
        AnswerThought thought = new("</t>"u8.ToArray(), false, 1);
        Assert.NotEqual('\u0001', Write(thought, 0, "\u0001aaaa")[0]);
    }

    [Fact]
    public void Apply_TokensThatWentAwayAgain_AreNotCounted()
    {
        SamplerChain chain = Chain(new AnswerThought("</t>"u8.ToArray(), true), 2);
        Assert.Equal('a', Draw(chain, [5], 'a'));
        Assert.Equal('<', Draw(chain, [5, 'a', 'x'], 'a'));
        Assert.Equal('b', Draw(chain, [5, 'a'], 'b'));
        Assert.Equal('<', Draw(chain, [5, 'a', 'b'], 'b'));
    }

    private static string Write(AnswerThought thought, int tokens, string wanted)
    {
        SamplerChain chain = Chain(thought, tokens);
        List<int> history = [5];
        foreach (char c in wanted)
        {
            history.Add(Draw(chain, history, c));
        }

        return string.Concat(history.Skip(1).Select(id => (char)id));
    }

    private static SamplerChain Chain(AnswerThought thought, int tokens) => new(new SamplingOptions { Temperature = 0 }, null,
        [new ThoughtBudgetStep(new ThoughtBudget(thought, tokens, s_closing), s_texts)], 256);

    private static int Draw(SamplerChain chain, IReadOnlyList<int> history, char wanted)
    {
        float[] logits = new float[256];
        logits[wanted] = 5;
        return chain.Sample(logits, history);
    }
}
