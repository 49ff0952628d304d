using System.Globalization;
using LayerStream.Actors;
using LayerStream.Formats;

namespace LayerStream.Lossy.Benchmarks;

/// <summary>
/// What the lossy options of models with experts cost and save, as a table. Arguments: GGUF files, and <c>--resident PERCENT</c> (of each
/// layer's
/// experts in memory, default 25), <c>--tokens N</c> (default 256), <c>--shares W,W,…</c> (of <c>--drop-cold-experts</c>).
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        double resident = double.Parse(Value(args, "--resident", "25"), CultureInfo.InvariantCulture) / 100;
        int tokens = int.Parse(Value(args, "--tokens", "256"), CultureInfo.InvariantCulture);
        float[] shares = [.. Value(args, "--shares", "0.05,0.1,0.15,0.2,0.3").Split(',')
            .Select(s => float.Parse(s, CultureInfo.InvariantCulture))];
        string[] models = [.. args.Where((a, i) => !a.StartsWith("--", StringComparison.Ordinal)
            && (i == 0 || !args[i - 1].StartsWith("--", StringComparison.Ordinal)))];
        if (models.Length == 0)
        {
            Console.Error.WriteLine("Name GGUF files of models with experts.");
            return 2;
        }

        foreach (string model in models)
        {
            await MeasureAsync(model, resident, tokens, shares);
        }

        return 0;
    }

    private static string Value(string[] args, string name, string otherwise) => Array.IndexOf(args, name) is >= 0 and int at ? args[at + 1]
        : otherwise;

    private static async Task MeasureAsync(string path, double resident, int tokens, float[] shares)
    {
        EngineOptions exact = new() { ModelPath = path, Context = tokens };
        Trial reference = await Trial.SampleAsync(exact, resident, tokens);
        int used = Engine.Plan(GgufModel.Open(path), exact).Spec.ExpertBanks.Max(b => b.Used);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{Path.GetFileName(Path.GetDirectoryName(path))}: {used} "
            + $"experts per token, {resident:P0} of the experts in memory, {tokens} tokens drawn from the model itself\n"));
        Console.WriteLine("| options | mean KL, nats | same best token | perplexity | choices skipped | KiB of experts read per token | "
            + "tokens/s |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        Print("exact", reference, reference);
        for (int experts = used - 1; experts >= 1; experts--)
        {
            Print($"`--experts {experts}`", await Trial.RunAsync(exact with { ExpertsPerToken = experts }, resident,
                reference.Ids), reference);
        }

        foreach (float share in shares)
        {
            Print(string.Create(CultureInfo.InvariantCulture, $"`--drop-cold-experts {share}`"),
                await Trial.RunAsync(exact with { DropColdExperts = share }, resident, reference.Ids), reference);
        }
    }

    private static void Print(string name, Trial trial, Trial reference)
    {
        (double divergence, double same) = trial.Compare(reference);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {divergence:F4} | {same:P0} | {trial.Perplexity():F2} | {trial.SkippedShare:P1} | "
                + $"{trial.BytesPerToken / 1024:F1} | {trial.TokensPerSecond:F0} |"));
    }
}
