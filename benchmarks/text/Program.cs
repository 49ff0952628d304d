using System.Diagnostics;
using System.Text;
using LayerStream.Formats;
using LayerStream.Tokenization;

namespace LayerStream.Text.Benchmarks;

/// <summary>
/// Encoding rates in MB of UTF-8 per second of processor time, a row per vocabulary and a column per kind of text; exit code 1 when one is
/// below 1 MB/s. Arguments: GGUF files or folders of them, and <c>--text FILE</c> for the prose.
/// </summary>
internal static class Program
{
    private const double LeastRate = 1;
    private const int Rounds = 5;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(3);

    private static int Main(string[] args)
    {
        int at = Array.IndexOf(args, "--text");
        string prose = at >= 0 ? File.ReadAllText(args[at + 1])
            : "It was the season in which the tide runs far out over the flats, and nobody spoke. ";
        string[] paths = at >= 0 ? [.. args[..at], .. args[(at + 2)..]] : args;
        string[] files = [.. paths.SelectMany(path => Directory.Exists(path)
            ? Directory.GetFiles(path, "*.gguf").Order(StringComparer.Ordinal) : (IEnumerable<string>)[path])];
        if (files.Length == 0)
        {
            Console.Error.WriteLine("Name GGUF files or folders of them.");
            return 2;
        }

        (string Name, string Text)[] texts = Texts.All(prose);
        Console.WriteLine("MB/s".PadRight(14) + string.Concat(texts.Select(text => text.Name.PadLeft(9))));
        double least = double.MaxValue;
        foreach (string file in files)
        {
            Tokenizer tokenizer = Tokenizer.FromMetadata(GgufModel.Open(file).Metadata);
            string name = Path.GetFileNameWithoutExtension(file);
            Console.Write(name[..Math.Min(13, name.Length)].PadRight(14));
            foreach ((_, string text) in texts)
            {
                double rate = Rate(tokenizer, text);
                least = Math.Min(least, rate);
                Console.Write(FormattableString.Invariant($"{rate,8:F1}{(rate < LeastRate ? "!" : " ")}"));
            }

            Console.WriteLine();
        }

        Console.WriteLine(FormattableString.Invariant($"slowest {least:F2} MB/s"));
        return least < LeastRate ? 1 : 0;
    }

    // Processor time, and the best of several rounds: others may use the machine.
    private static double Rate(Tokenizer tokenizer, string text)
    {
        double bytes = Encoding.UTF8.GetByteCount(text);
        double best = 0;
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds && Stopwatch.GetElapsedTime(begin) < s_longest; round++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            tokenizer.Encode(text, addSpecial: true, parseSpecial: true);
            best = Math.Max(best, bytes / 1e6 / (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        return best;
    }
}
