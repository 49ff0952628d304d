using System.CommandLine;
using System.Globalization;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary>
/// <c>perplexity</c>: disjoint windows of 256 tokens, no BOS, every position of a window but the first scored; a rest
/// shorter than a window counts only when the text holds no whole window.
/// </summary>
public static class PerplexityVerb
{
    private const int Window = 256;
    private static readonly Option<string> s_file = new("--file") { Description = "UTF-8 text", Required = true };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("perplexity", "Measures the perplexity of a text.") { s_file };
        verb.ShowExamples("layerstream perplexity --file text.txt --memory-budget 1GiB");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        using TransientFile file = TransientFile.OpenRead(parse.GetRequiredValue(s_file));
        using StreamReader text = new(file);
        ModelOptions options = CommonOptions.Bind(parse).WithoutDrafts();
        options = options.Explicit.Contains("context") ? options : options with { Context = Window };
        await using LoadedModel model = await LoadedModel.OpenAsync(options, new TerminalNotices(options), ct);
        file.Charge(model.FilesAccount);
        int window = Math.Min(Window, model.Engine.Context);
        double sum = 0;
        int scored = 0, tokens = 0;
        foreach (int[] part in Windows(new TextTokens(text, model.RequireTokenizer()), window))
        {
            await model.Engine.LogitsAsync(part, (position, row) => sum += position + 1 < part.Length
                ? Nll(row.Span, part[position + 1]) : 0, ct);
            scored += part.Length - 1;
            tokens += part.Length;
            if (!options.Quiet && !options.Json)
            {
                Console.Error.WriteLine($"{tokens} tokens");
            }
        }

        if (scored == 0)
        {
            throw new UsageException("The text is too short: at least two tokens are needed.");
        }

        double mean = double.IsFinite(sum) ? sum / scored : throw new UnusableOutputException(0, options.KvType);
        if (!options.Json)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"perplexity {Math.Exp(mean):F4} (mean loss {mean:F4} "
                + $"nats) over {scored} of {tokens} tokens{(model.Plan.Lossy.Count > 0 ? ", " + LossyText.Of(model.Plan) : "")}"));
            return Failures.Success;
        }

        PerplexityReport report = new(Math.Exp(mean), mean, tokens, scored, model.Plan.Lossy);
        StandardOutput.WriteJson(report, ReportJson.Default.PerplexityReport);
        return Failures.Success;
    }

    /// <summary>Whole windows; of a text without one, what there is, from two tokens.</summary>
    private static IEnumerable<int[]> Windows(TextTokens tokens, int window)
    {
        List<int> rest = [];
        bool isWhole = false;
        foreach (int[] piece in tokens.Read())
        {
            rest.AddRange(piece);
            int from = 0;
            for (; rest.Count - from >= window; from += window)
            {
                isWhole = true;
                yield return [.. rest.GetRange(from, window)];
            }

            rest.RemoveRange(0, from);
        }

        if (!isWhole && rest.Count > 1)
        {
            yield return [.. rest];
        }
    }

    /// <summary>−ln softmax(logits)[token].</summary>
    private static double Nll(ReadOnlySpan<float> logits, int token)
    {
        float most = float.NegativeInfinity;
        foreach (float v in logits)
        {
            most = Math.Max(most, v);
        }

        double sum = 0;
        foreach (float v in logits)
        {
            sum += Math.Exp((double)v - most);
        }

        return Math.Log(sum) + most - logits[token];
    }
}
