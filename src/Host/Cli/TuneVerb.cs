using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Memory;

namespace LayerStream.Host.Cli;

/// <summary><c>tune</c>: measures prefetch depths and recommends one.</summary>
public static class TuneVerb
{
    private static readonly Option<string> s_depths = new("--depths") { Description = "depths to measure", DefaultValueFactory = _ => "1,2,4,8" };
    private static readonly Option<int> s_tokens = new("--tokens") { Description = "tokens to generate at each depth", DefaultValueFactory = _ => 8 };
    private static readonly Option<string?> s_ids = new("--ids") { Description = "token ids of the prompt: 1,2,3 or @FILE (default: a fixed short one)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("tune", "Measures prefetch depths and recommends one.") { s_depths, s_tokens, s_ids };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        int[] depths = Depths(parse.GetRequiredValue(s_depths));
        int tokens = parse.GetValue(s_tokens);
        if (tokens < 2)
        {
            throw new UsageException("--tokens must be at least 2.");
        }

        ModelOptions given = CommonOptions.Bind(parse);
        int[]? ids = parse.GetValue(s_ids) is { } text ? TokenIds.Parse(text) : null;
        ModelOptions options = given with { Quiet = true, Stop = [], Sampling = new() { Temperature = 0 } };
        List<TuneRow> rows = [];
        BudgetTooSmallException? tooSmall = null;
        foreach (int depth in depths)
        {
            try
            {
                RunResult result = await MeasureAsync(options with { PrefetchDepth = depth }, ids, tokens, warmUp: rows.Count == 0, ct);
                ct.ThrowIfCancellationRequested();
                rows.Add(new TuneRow(depth, result));
                Progress(given, string.Create(CultureInfo.InvariantCulture, $"depth {depth}: {rows[^1].TokensPerSecond:F2} tokens/s"));
            }
            catch (BudgetTooSmallException e)
            {
                tooSmall = e;
                Progress(given, $"depth {depth}: does not fit the budget (it takes {ByteSize.FormatOption(e.SmallestBudgetBytes)})");
            }
        }

        if (rows.Count == 0)
        {
            throw tooSmall!;
        }

        TuneAdvice advice = TuneAdvice.From(rows);
        if (given.Json)
        {
            JsonOut.Write(json => WriteJson(json, rows, advice));
        }
        else
        {
            Console.Out.Write(Render(rows, advice));
        }

        return Failures.Success;
    }

    private const long ReopenBytes = 96L << 20;

    private static async Task<RunResult> MeasureAsync(ModelOptions options, int[]? ids, int tokens, bool warmUp, CancellationToken ct)
    {
        // Every depth opens the file anew, under the heap limit of the one before.
        await using LoadedModel model = await LoadedModel.OpenAsync(options with { ExtraHeapBytes = ReopenBytes }, ct);
        int[] prompt = ids ?? [.. Enumerable.Range(1, 8).Select(i => i * 37 % model.Engine.Spec.Vocabulary)];
        if (warmUp)
        {
            await Generation.RunAsync(model, prompt, 2, ignoreEos: true, null, ct); // so that no depth pays for compiling the code
        }

        return (await Generation.RunAsync(model, prompt, tokens, ignoreEos: true, null, ct)).Result;
    }

    private static int[] Depths(string text)
    {
        List<int> depths = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            depths.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int depth) && depth is >= 1 and <= 4096
                ? depth
                : throw new UsageException($"--depths takes whole numbers from 1 to 4096, not '{part}'."));
        }

        return depths.Count > 0 ? [.. depths.Distinct().Order()] : throw new UsageException("--depths names no depth.");
    }

    private static void Progress(ModelOptions options, string line)
    {
        if (!options.Quiet)
        {
            Console.Error.WriteLine(line);
        }
    }

    private static string Render(IReadOnlyList<TuneRow> rows, TuneAdvice advice)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine("depth   tokens/s   load s   compute s   overlap   stalls");
        foreach (TuneRow row in rows)
        {
            RunResult r = row.Result;
            string stalls = string.Join(", ", r.StallSeconds.Where(s => s.Value >= 0.0005).OrderByDescending(s => s.Value)
                .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} {s.Value:F3} s")));
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Depth,5}{row.TokensPerSecond,11:F2}{r.LoadSeconds,9:F3}{r.ComputeSeconds,12:F3}{r.OverlapShare * 100,8:F0} %   {(stalls.Length > 0 ? stalls : "-")}"));
        }

        text.WriteLine();
        text.WriteLine($"recommended: --prefetch-depth {advice.Depth}");
        text.WriteLine(advice.Reason);
        return text.ToString();
    }

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<TuneRow> rows, TuneAdvice advice)
    {
        json.WriteStartArray("rows");
        foreach (TuneRow row in rows)
        {
            RunResult r = row.Result;
            json.WriteStartObject();
            json.WriteNumber("prefetchDepth", row.Depth);
            json.WriteNumber("tokensPerSecond", row.TokensPerSecond);
            JsonOut.WriteOverlap(json, r);
            json.WriteNumber("wallSeconds", r.WallSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("recommendedDepth", advice.Depth);
        json.WriteString("reason", advice.Reason);
    }
}
