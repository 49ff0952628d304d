using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>Against another validator. <c>LAYERSTREAM_GRAMMAR_OUTPUTS=9000</c> has that many outputs over 200 schemas.</summary>
public sealed class GrammarPropertyTests(ITestOutputHelper output)
{
    private const int OutputsPerSchema = 45;
    private const int MostTokens = 2_000;
    private const double LeastEnded = 0.95;

    private static int Wanted =>
        int.Parse(Environment.GetEnvironmentVariable("LAYERSTREAM_GRAMMAR_OUTPUTS") ?? "450", CultureInfo.InvariantCulture);

    [Fact]
    public void RandomLogits_UnderRandomSchemas_EndInTextsThatValidate()
    {
        int wanted = Wanted;
        int all = 0, ended = 0, refused = 0, tokens = 0;
        for (int seed = 0; all < wanted; seed++)
        {
            JsonObject schema = new RandomSchema(new Random(seed)).Next();
            if (Compile(schema) is null)
            {
                refused++;
                continue;
            }

            ReferenceValidator reference = new(schema.ToJsonString());
            for (int i = 0; i < OutputsPerSchema; i++)
            {
                string? text = Draw(Compile(schema)!, (seed * 1_000) + i, schema, ref tokens);
                all++;
                if (text is not null)
                {
                    ended++;
                    Assert.True(reference.Accepts(text), $"seed {seed}: {text} under {schema.ToJsonString()}");
                }
            }
        }

        output.WriteLine($"{all} outputs, {ended} ended, {tokens} tokens, {refused} schemas that nothing meets or that are too large");
        Assert.True(ended >= LeastEnded * all, $"{ended} of {all} ended");
        Assert.InRange(refused, 0, all / OutputsPerSchema / 4);
    }

    [Fact]
    public void RandomLogits_HardlyMoreTokensThanAnEndTakes_EndInTextsThatValidate()
    {
        int wanted = Wanted, all = 0, tokens = 0;
        List<string> open = [];
        for (int seed = 0; all < wanted; seed++)
        {
            JsonObject schema = new RandomSchema(new Random(seed)).Next();
            if (Compile(schema)?.Start.Ending(SyntheticTokens.Texts.Trie.CountOf) is not { } ending)
            {
                continue;
            }

            ReferenceValidator reference = new(schema.ToJsonString());
            for (int i = 0; i < OutputsPerSchema / 3; i++, all++)
            {
                int limit = ending.Tokens + 1 + (i * i);
                string? text = Draw(Compile(schema)!, (seed * 1_000) + i, schema, ref tokens, limit);
                Assert.True(text is null || reference.Accepts(text), $"seed {seed}: {text} under {schema.ToJsonString()}");
                open.AddRange(text is null ? [$"seed {seed}, {limit} tokens: {schema.ToJsonString()}"] : []);
            }
        }

        output.WriteLine($"{all} outputs, {open.Count} without an end, {tokens} tokens");
        Assert.Empty(open);
    }

    private static Grammar? Compile(JsonObject schema)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema.ToJsonString());
            return Grammar.FromSchema(document.RootElement.Clone());
        }
        catch (GrammarException e) when (e.Fault is GrammarFault.Empty or GrammarFault.Limit)
        {
            return null;
        }
    }

    // null = the answer had no end within the limit.
    private static string? Draw(Grammar grammar, int seed, JsonObject schema, ref int tokens, int mostTokens = MostTokens)
    {
        Random random = new(seed);
        SamplerChain chain = new(new SamplingOptions { Seed = seed }, masks: [
            new GrammarStep(grammar, SyntheticTokens.Texts, mostTokens: mostTokens < MostTokens ? mostTokens : int.MaxValue)]);
        List<int> history = [0];
        List<byte> text = [];
        float[] logits = new float[SyntheticTokens.Texts.Count];
        while (history.Count <= mostTokens)
        {
            for (int id = 0; id < logits.Length; id++)
            {
                logits[id] = random.NextSingle() * 4;
            }

            int token;
            try
            {
                token = chain.Sample(logits, history);
            }
            catch (InvalidLogitsException)
            {
                throw new InvalidOperationException($"{Encoding.UTF8.GetString([.. text])} has no end under {schema.ToJsonString()}");
            }

            tokens++;
            if (token == SyntheticTokens.EndToken)
            {
                return Encoding.UTF8.GetString([.. text]);
            }

            text.AddRange(SyntheticTokens.BytesOf(token));
            history.Add(token);
        }

        return null;
    }
}
