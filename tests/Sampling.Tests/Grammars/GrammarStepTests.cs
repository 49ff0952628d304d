using System.Text;
using System.Text.Json;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.Masks;
using LayerStream.Sampling.Grammars.States;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

public sealed class GrammarStepTests
{
    [Theory]
    [InlineData("""{"type":"object"}""")]
    [InlineData("""{"type":"array","items":{"type":"string","maxLength":9},"maxItems":3}""")]
    [InlineData("""{"properties":{"id":{"enum":["é漢","ab"]},"list":{"pattern":"^[^a]"}},"additionalProperties":false,"type":"object"}""")]
    [InlineData("""{"patternProperties":{"^v":{"type":"integer","minimum":-12,"maximum":2026}},"additionalProperties":false}""")]
    public void Mask_EveryStateOnTheWay_IsThatOfTokenByToken(string schema)
    {
        for (int run = 0; run < 20; run++)
        {
            CheckMasks(FromSchema(schema).Start, new Random(run), 40);
        }
    }

    [Fact]
    public void Mask_RandomSchemas_IsThatOfTokenByToken()
    {
        int checkedMasks = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            string schema = new RandomSchema(new Random(seed)).Next().ToJsonString();
            // Behind an element that must differ no token goes on, though its text could.
            if (!schema.Contains("uniqueItems", StringComparison.Ordinal) && Compile(schema) is { } grammar)
            {
                checkedMasks += CheckMasks(grammar.Start, new Random(seed), 25);
            }
        }

        Assert.True(checkedMasks > 200, $"{checkedMasks} masks");
    }

    // Walks at random to an end, or so many tokens far; returns how many masks were seen.
    private static int CheckMasks(GrammarState start, Random random, int most)
    {
        MaskBuilder builder = new(SyntheticTokens.Texts.Trie, SyntheticTokens.Texts.Count);
        ulong[] mask = new ulong[builder.Words];
        GrammarState state = start;
        for (int step = 0; step < most; step++)
        {
            builder.Fill(state, mask);
            List<int> allowed = [];
            for (int id = 0; id < SyntheticTokens.Texts.Count; id++)
            {
                bool isText = id is not (SyntheticTokens.ControlToken or SyntheticTokens.EndToken);
                bool fits = isText && Advance(state, SyntheticTokens.BytesOf(id)) is not null;
                Assert.Equal(fits, (mask[id / 64] & (1UL << (id % 64))) != 0);
                allowed.AddRange(fits ? [id] : []);
            }

            if (allowed.Count == 0)
            {
                Assert.True(state.IsAccepting);
                return step;
            }

            state = Advance(state, SyntheticTokens.BytesOf(allowed[random.Next(allowed.Count)]))!;
        }

        return most;
    }

    [Fact]
    public void Apply_EndToken_OnlyWhereTheTextIsAccepted()
    {
        GrammarStep step = new(Grammar.FromChoices(["true"]), SyntheticTokens.Texts);
        List<int> history = [1, 2, 3];

        Assert.All(Allowed(step, history), id => Assert.StartsWith(Encoding.UTF8.GetString(SyntheticTokens.BytesOf(id)), "true"));
        Assert.Contains(SyntheticTokens.Find("true"), Allowed(step, history));
        history.Add(SyntheticTokens.Find("true"));
        Assert.Equal([SyntheticTokens.EndToken], Allowed(step, history));
        Assert.True(step.IsAccepting);
    }

    [Fact]
    public void Apply_CharacterSplitOverTokens_IsFollowed()
    {
        GrammarStep step = new(Grammar.FromChoices(["漢"]), SyntheticTokens.Texts);
        int[] halves = [.. Enumerable.Range(0, SyntheticTokens.Texts.Count).Where(id => SyntheticTokens.BytesOf(id) is [0xE6, 0xBC])];

        Assert.Contains(halves[0], Allowed(step, []));
        Assert.Equal([0xA2], Allowed(step, [halves[0]]));
    }

    [Fact]
    public void Apply_TokensTakenBack_StandsWhereItStoodBefore()
    {
        GrammarStep step = new(Grammar.FromRegex("ab|ac+"), SyntheticTokens.Texts);
        List<int> before = Allowed(step, [9, 9]);
        List<int> second = Allowed(step, [9, 9, 'a']);
        Allowed(step, [9, 9, 'a', 'b']);

        Assert.Contains((int)'c', Allowed(step, [9, 9, 'a', 'c']));
        Assert.Equal(second, Allowed(step, [9, 9, 'a']));
        Assert.Equal(before, Allowed(step, [9, 9]));
    }

    [Fact]
    public void Apply_ThoughtGoesOn_OnlyEndTokensAreMasked()
    {
        AnswerThought thought = new("</think>"u8.ToArray(), IsOpen: true);
        GrammarStep step = new(Grammar.FromChoices(["yes"]), SyntheticTokens.Texts, thought);
        int[] opened = [.. "hm <"u8.ToArray().Select(b => (int)b)];

        Assert.Equal(SyntheticTokens.Texts.Count - 1, Allowed(step, []).Count);
        Assert.Null(step.IsAccepting);
        Assert.Equal(SyntheticTokens.Texts.Count - 1, Allowed(step, opened).Count);
        Assert.DoesNotContain((int)'n', Allowed(step, [.. opened, .. "/think>"u8.ToArray().Select(b => (int)b)]));
        Assert.Contains((int)'y', Allowed(step, [.. opened, .. "/think>"u8.ToArray().Select(b => (int)b)]));
        Assert.Contains((int)'y', Allowed(step, [SyntheticTokens.Find("</think>")]));
    }

    [Fact]
    public void Apply_ThoughtMayBegin_BothWaysAreOpen()
    {
        AnswerThought thought = new("</think>"u8.ToArray(), IsOpen: false, SyntheticTokens.ControlToken);
        GrammarStep step = new(Grammar.FromChoices(["yes"]), SyntheticTokens.Texts, thought);

        Assert.Contains((int)'y', Allowed(step, []));
        Assert.Contains(SyntheticTokens.ControlToken, Allowed(step, []));
        Assert.DoesNotContain(SyntheticTokens.ControlToken, Allowed(step, ['y']));
        Assert.Contains((int)'n', Allowed(step, [SyntheticTokens.ControlToken]));
        Assert.DoesNotContain((int)'n', Allowed(step, [SyntheticTokens.ControlToken, SyntheticTokens.Find("</think>")]));
    }

    [Fact]
    public void Apply_EndThatBeginsWithTheThoughtsToken_IsSeen()
    {
        string token = Encoding.UTF8.GetString(SyntheticTokens.BytesOf(SyntheticTokens.ControlToken));
        AnswerThought thought = new(Encoding.UTF8.GetBytes(token + "yes:"), IsOpen: false, SyntheticTokens.ControlToken);
        GrammarStep step = new(Grammar.FromChoices(["yes"]), SyntheticTokens.Texts, thought);

        Assert.Contains(SyntheticTokens.ControlToken, Allowed(step, []));
        Assert.DoesNotContain((int)'n', Allowed(step, [SyntheticTokens.ControlToken, 'y', 'e', 's', ':']));
        Assert.Contains((int)'n', Allowed(step, [SyntheticTokens.ControlToken, 'n', 'o', ':']));
    }

    [Fact]
    public void Forced_OneContinuation_IsGivenAsBytes()
    {
        GrammarStep step = new(
            FromSchema("""{"type":"object","properties":{"name":{"const":"x"}},"required":["name"],"additionalProperties":false}"""),
            SyntheticTokens.Texts);
        Allowed(step, []);

        Allowed(step, [.. "{\""u8.ToArray().Select(b => (int)b)]);

        Assert.Equal("name\"", Encoding.UTF8.GetString(step.Forced(64)));
        Assert.Equal("na", Encoding.UTF8.GetString(step.Forced(2)));
    }

    [Theory]
    [InlineData("""{"type":"object"}""", 2)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":3}""", 7)]
    [InlineData("""{"type":"integer","minimum":100}""", 3)]
    [InlineData("""{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.01}""", 5)]
    [InlineData("""{"type":"string","minLength":4}""", 6)]
    [InlineData("""{"type":"object","properties":{"value":{"type":"null"},"other":{}},"required":["value"]}""", 6)]
    [InlineData("""{"anyOf":[{"type":"boolean"},{"type":"array","items":{"$ref":"#"},"minItems":1}]}""", 1)]
    public void Ending_BeforeAValue_CountsTokensOfTheShortest(string schema, int tokens)
    {
        TextEnding? ending = FromSchema(schema).Start.Ending(SyntheticTokens.Texts.Trie.CountOf);

        Assert.Equal(tokens, ending?.Tokens);
    }

    [Fact]
    public void Apply_FewTokensLeft_OnlyThoseThatLeaveRoomForTheEnd()
    {
        GrammarStep step = new(FromSchema("""{"type":"array","items":{"type":"string"}}"""), SyntheticTokens.Texts, mostTokens: 6);
        int[] begun = [.. "[\"a"u8.ToArray().Select(b => (int)b)];

        Assert.Contains((int)'[', Allowed(step, []));
        Assert.Contains((int)'b', Allowed(step, begun[..2]));
        Assert.DoesNotContain((int)',', Allowed(step, [.. begun[..2], '"']));
        Assert.Contains((int)'"', Allowed(step, begun));
        Assert.All(Allowed(step, begun), id => Assert.Contains((byte)'"', SyntheticTokens.BytesOf(id)));
        Assert.All(Allowed(step, [.. begun, '"']), id => Assert.Equal((byte)']', SyntheticTokens.BytesOf(id)[^1]));
        Assert.Equal([SyntheticTokens.EndToken], Allowed(step, [.. begun, '"', ']']));
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"array","items":{"type":"integer"},"minItems":2}}""", 60)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"uniqueItems":true}""", 90)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string","minLength":3}}""", 120)]
    public void Apply_TokensRunOut_IsBoundAsIfTheEndWereWorkedOutEachTime(string schema, int most)
    {
        MaskBuilder builder = new(SyntheticTokens.Texts.Trie, SyntheticTokens.Texts.Count);
        ulong[] mask = new ulong[builder.Words];
        for (int run = 0; run < 10; run++)
        {
            Random random = new(run);
            Grammar grammar = FromSchema(schema);
            GrammarStep step = new(grammar, SyntheticTokens.Texts, mostTokens: most);
            GrammarState state = grammar.Start;
            List<int> history = [];
            for (int left = most; left > 0 && !state.IsAccepting; left--)
            {
                TextEnding ending = state.Ending(SyntheticTokens.Texts.Trie.CountOf)!.Value;
                builder.Fill(state, mask);
                if (left <= ending.Tokens + ending.Growth)
                {
                    builder.Bound(state, mask, left - 1 - (ending.Tokens < left ? 1 : 0), canBeNone: false);
                }

                List<int> allowed = Allowed(step, history);
                Assert.Equal(
                    Enumerable.Range(0, SyntheticTokens.Texts.Count).Where(id => (mask[id / 64] & (1UL << (id % 64))) != 0), allowed);
                history.Add(allowed[random.Next(allowed.Count)]);
                state = Advance(state, SyntheticTokens.BytesOf(history[^1]))!;
            }

            Assert.True(state.IsAccepting);
        }
    }

    [Fact]
    public void Apply_FewerTokensThanAnyEndTakes_GoesOnAsItWould()
    {
        GrammarStep step = new(FromSchema("""{"type":"string","minLength":4}"""), SyntheticTokens.Texts, mostTokens: 3);
        GrammarStep free = new(FromSchema("""{"type":"string","minLength":4}"""), SyntheticTokens.Texts);

        Assert.Equal(Allowed(free, []), Allowed(step, []));
        Assert.Equal(Allowed(free, ['"', 'a']), Allowed(step, ['"', 'a']));
    }

    [Theory]
    [InlineData("""{"const":"a\nb"}""")]
    [InlineData("""{"const":{"a\nb":0}}""")]
    [InlineData("""{"enum":["a\u0001b","a\u001fbcdefghi"]}""")]
    public void Apply_TokensThatSpanHalfAnEscape_LeaveRoomForTheEnd(string schema)
    {
        const int End = 256;
        string[] pieces = ["a\\", "nb", "a\\u0", "01b"];
        TokenTexts texts = new(
            End + 1 + pieces.Length,
            id => id < End ? [(byte)id] : id == End ? "<|end|>"u8.ToArray() : Encoding.ASCII.GetBytes(pieces[id - End - 1]),
            id => id != End,
            new HashSet<int> { End });
        for (int run = 0; run < 20; run++)
        {
            Random random = new(run);
            GrammarState start = FromSchema(schema).Start;
            int most = start.Ending(texts.Trie.CountOf)!.Value.Tokens;
            GrammarStep step = new(FromSchema(schema), texts, mostTokens: most);
            List<int> history = [];
            while (history.Count < most && step.IsAccepting == false)
            {
                List<int> allowed = Allowed(step, history, texts.Count);
                history.Add(allowed[random.Next(allowed.Count)]);
                step.Follow(history);
            }

            Assert.True(step.IsAccepting, string.Join(' ', history));
        }
    }

    [Fact]
    public void Sample_GreedyUnderGrammar_TakesTheBestTokenThatFits()
    {
        GrammarStep step = new(Grammar.FromRegex("[a-c]+"), SyntheticTokens.Texts);
        SamplerChain chain = new(new SamplingOptions { Temperature = 0 }, masks: [step]);
        float[] logits = new float[SyntheticTokens.Texts.Count + 6];
        logits['z'] = 9;
        logits['b'] = 3;
        logits[^1] = 7; // a row behind the vocabulary

        Assert.Equal('b', chain.Sample(logits, [1]));
    }

    private static List<int> Allowed(GrammarStep step, IReadOnlyList<int> history, int? count = null)
    {
        float[] logits = new float[count ?? SyntheticTokens.Texts.Count];
        step.Apply(new SamplerContext(logits, history, new Candidates(), null, new Xoshiro256(1)));
        return [.. Enumerable.Range(0, logits.Length).Where(id => logits[id] == 0)];
    }

    private static GrammarState? Advance(GrammarState state, byte[] bytes)
    {
        GrammarState? next = state;
        foreach (byte b in bytes)
        {
            next = next?.Next(b);
        }

        return next;
    }

    private static Grammar? Compile(string schema)
    {
        try
        {
            return FromSchema(schema);
        }
        catch (GrammarException)
        {
            return null;
        }
    }

    private static Grammar FromSchema(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return Grammar.FromSchema(document.RootElement.Clone());
    }
}
