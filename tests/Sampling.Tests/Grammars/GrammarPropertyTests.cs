using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Json.Schema;
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

    private static readonly JsonSerializerOptions s_written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly EvaluationOptions s_options = new() { RequireFormatValidation = true, EvaluateAs = SpecVersion.Draft202012 };

    [Fact]
    public void RandomLogits_UnderRandomSchemas_EndInTextsThatValidate()
    {
        int wanted = int.Parse(Environment.GetEnvironmentVariable("LAYERSTREAM_GRAMMAR_OUTPUTS") ?? "450", CultureInfo.InvariantCulture);
        int all = 0, ended = 0, refused = 0, tokens = 0;
        for (int seed = 0; all < wanted; seed++)
        {
            JsonObject schema = new RandomSchema(new Random(seed)).Next();
            if (Compile(schema) is null)
            {
                refused++;
                continue;
            }

            JsonSchema reference = JsonSchema.FromText(schema.ToJsonString());
            for (int i = 0; i < OutputsPerSchema; i++)
            {
                string? text = Draw(Compile(schema)!, (seed * 1_000) + i, ref tokens);
                all++;
                if (text is not null)
                {
                    ended++;
                    Assert.True(
                        reference.Evaluate(Parsed(text), s_options).IsValid, $"seed {seed}: {text} under {schema.ToJsonString()}");
                }
            }
        }

        output.WriteLine($"{all} outputs, {ended} ended, {tokens} tokens, {refused} schemas that nothing meets or that are too large");
        Assert.True(ended >= LeastEnded * all, $"{ended} of {all} ended");
        Assert.InRange(refused, 0, all / OutputsPerSchema / 4);
    }

    [Fact]
    public void RandomValues_UnderRandomSchemas_AreDecidedAsByTheReference() => Gen.Int[0, int.MaxValue].Sample(
        seed =>
        {
            Random random = new(seed);
            JsonObject schema = new RandomSchema(random).Next();
            if (Compile(schema) is not { } generating)
            {
                return;
            }

            int tokens = 0;
            using JsonDocument document = JsonDocument.Parse(schema.ToJsonString());
            Grammar checking = Grammar.FromSchema(document.RootElement.Clone(), checks: true);
            JsonSchema reference = JsonSchema.FromText(schema.ToJsonString());
            string? text = Draw(generating, seed, ref tokens);
            for (int i = 0; i < 20 && text is not null; i++)
            {
                JsonNode? value = Changed(Parsed(text), random, 4);
                byte[] bytes = Encoding.UTF8.GetBytes(value?.ToJsonString(s_written) ?? "null");
                bool isValid = reference.Evaluate(value, s_options).IsValid;
                string message = $"{Encoding.UTF8.GetString(bytes)} under {schema.ToJsonString()} is {(isValid ? "valid" : "not valid")}";
                Assert.True(checking.Match(bytes).Accepts == isValid, message);
                Assert.True(!isValid || generating.Match(bytes).Accepts, $"{message} and not let through");
            }
        },
        iter: 100,
        threads: 1);

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
    private static string? Draw(Grammar grammar, int seed, ref int tokens)
    {
        Random random = new(seed);
        SamplerChain chain = new(new SamplingOptions { Seed = seed }, masks: [new GrammarStep(grammar, SyntheticTokens.Texts)]);
        List<int> history = [0];
        List<byte> text = [];
        float[] logits = new float[SyntheticTokens.Texts.Count];
        while (history.Count < MostTokens)
        {
            for (int id = 0; id < logits.Length; id++)
            {
                logits[id] = random.NextSingle() * 4;
            }

            int token = chain.Sample(logits, history);
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

    // Of members with the same name the last one counts.
    private static JsonNode? Parsed(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        return Node(document.RootElement);
    }

    private static JsonNode? Node(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                JsonObject members = [];
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    members[member.Name] = Node(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Node)]);
            default:
                return JsonNode.Parse(element.GetRawText());
        }
    }

    private static JsonNode? Changed(JsonNode? value, Random random, int depth)
    {
        if (depth > 0 && value is JsonObject members && random.Next(4) > 0)
        {
            KeyValuePair<string, JsonNode?>[] all = [.. members];
            if (all.Length > 0 && random.Next(3) > 0)
            {
                string name = all[random.Next(all.Length)].Key;
                members[name] = Changed(members[name]?.DeepClone(), random, depth - 1);
            }
            else if (all.Length > 0 && random.Next(2) == 0)
            {
                members.Remove(all[random.Next(all.Length)].Key);
            }
            else
            {
                members["id"] = Other(random);
            }

            return members;
        }

        if (depth > 0 && value is JsonArray list && random.Next(4) > 0)
        {
            int at = random.Next(list.Count + 1);
            if (at == list.Count)
            {
                list.Add(Other(random));
            }
            else if (random.Next(3) == 0)
            {
                list.RemoveAt(at);
            }
            else
            {
                list[at] = Changed(list[at]?.DeepClone(), random, depth - 1);
            }

            return list;
        }

        return random.Next(3) == 0 ? value : Other(random);
    }

    private static JsonNode? Other(Random random) => random.Next(9) switch
    {
        0 => null,
        1 => random.Next(-300, 700),
        2 => (random.Next(400) - 150) / 100.0,
        3 => "foobar"[..random.Next(7)],
        4 => "a b\"☃\n",
        5 => true,
        6 => new JsonArray(1, 2),
        7 => new JsonObject { ["k"] = 1.5 },
        _ => "2026-11-28",
    };
}
