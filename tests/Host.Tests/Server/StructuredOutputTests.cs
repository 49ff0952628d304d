using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Tests.Grammars;

namespace LayerStream.Host.Tests.Server;

/// <summary>Answers of the shipped model held to random schemas, against another validator.
/// <c>LAYERSTREAM_STRUCTURED_OUTPUTS=1000</c> has that many, five of a schema.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class StructuredOutputTests(ShippedDaemon daemon, ITestOutputHelper output)
{
    private const int OutputsPerSchema = 5;
    private const int AtATime = 8;
    private const int MostTokens = 400;
    private const double LeastEnded = 0.95;
    private const int MeasuredSchemas = 200;

    private static int Wanted =>
        int.Parse(Environment.GetEnvironmentVariable("LAYERSTREAM_STRUCTURED_OUTPUTS") ?? "10", CultureInfo.InvariantCulture);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_UnderRandomSchemas_ValidateWhenTheyEnd()
    {
        List<(string Schema, int Seed)> asked = [.. Schemas().Take(Wanted / OutputsPerSchema)
            .SelectMany(s => Enumerable.Range(0, OutputsPerSchema).Select(seed => (s, seed)))];
        ConcurrentBag<string> wrong = [], open = [];
        int tokens = 0;
        ParallelOptions side = new() { MaxDegreeOfParallelism = AtATime, CancellationToken = Token };
        await Parallel.ForEachAsync(asked, side, async (a, _) =>
        {
            JsonElement reply = await daemon.PostAsync("/v1/chat/completions", Request(a.Schema, a.Seed));
            JsonElement choice = reply.GetProperty("choices")[0];
            string text = choice.GetProperty("message").GetProperty("content").GetString() ?? "";
            Interlocked.Add(ref tokens, reply.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
            if (choice.GetProperty("finish_reason").GetString() != "stop")
            {
                open.Add($"{text} under {a.Schema}");
            }
            else if (!new ReferenceValidator(a.Schema).Accepts(text))
            {
                wrong.Add($"{text} under {a.Schema}");
            }
        });

        output.WriteLine($"{asked.Count} answers, {tokens} tokens, {open.Count} without an end, {wrong.Count} wrong");
        Assert.Empty(wrong);
        Assert.True(open.Count <= (1 - LeastEnded) * asked.Count + 1, string.Join('\n', open));
    }

    [Fact]
    public void Masks_OfTheShippedVocabulary_CostLittle()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("LAYERSTREAM_GRAMMAR_COSTS") is null, "LAYERSTREAM_GRAMMAR_COSTS is not set");
        TokenTexts texts = daemon.Model.TokenTexts;
        float[] logits = new float[texts.Count];
        foreach (string pass in new[] { "first", "second" })
        {
            List<double> micros = Costs(texts, logits);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pass} pass, {micros.Count} masks: mean "
                + $"{micros.Average():0} µs, median {micros[micros.Count / 2]:0} µs, 9 of 10 below {micros[micros.Count * 9 / 10]:0} µs, "
                + $"99 of 100 below {micros[micros.Count * 99 / 100]:0} µs, longest {micros[^1]:0} µs"));
        }
    }

    // Sorted. A second pass finds the code compiled and the vocabulary known, but every schema new.
    private static List<double> Costs(TokenTexts texts, float[] logits)
    {
        List<double> micros = [];
        foreach (string schema in Schemas().Take(MeasuredSchemas))
        {
            Watched step = new(new GrammarStep(Compile(schema)!, texts), micros);
            SamplerChain chain = new(new SamplingOptions { Seed = 1 }, masks: [step]);
            Random random = new(7);
            List<int> history = [0];
            while (history.Count < 150)
            {
                for (int i = 0; i < logits.Length; i++)
                {
                    logits[i] = random.NextSingle() * 3;
                }

                int token = chain.Sample(logits, history);
                if (texts.Ends.Contains(token))
                {
                    break;
                }

                history.Add(token);
            }
        }

        micros.Sort();
        return micros;
    }

    private static IEnumerable<string> Schemas() => Enumerable.Range(0, int.MaxValue)
        .Select(seed => new RandomSchema(new Random(seed)).Next().ToJsonString()).Where(s => Compile(s) is not null);

    private static Grammar? Compile(string schema)
    {
        try
        {
            return Grammar.FromSchema(JsonSerializer.Deserialize<JsonElement>(schema));
        }
        catch (GrammarException)
        {
            return null;
        }
    }

    private static string Request(string schema, int seed) => new JsonObject
    {
        ["messages"] = new JsonArray(new JsonObject
        {
            ["role"] = "user",
            ["content"] = "Answer with a short JSON value.",
        }),
        ["max_tokens"] = MostTokens,
        ["seed"] = seed,
        ["temperature"] = 1,
        ["response_format"] = new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = "value", ["strict"] = true, ["schema"] = JsonNode.Parse(schema) },
        },
    }.ToJsonString();

    private sealed class Watched(GrammarStep step, List<double> micros) : ISamplerStep
    {
        public string Name => step.Name;

        public void Apply(SamplerContext context)
        {
            long begin = Stopwatch.GetTimestamp();
            step.Apply(context);
            micros.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }
    }
}
