using System.Diagnostics;
using System.Globalization;
using LayerStream.Fuzz;

if (args is ["coverage", ..])
{
    return CoverageTarget.Run(args[1..]);
}

// fuzz [--seconds N] [--seed N] [--out FOLDER] [SEED.gguf ...]: exit code 0 without findings, 1 with.
int seconds = 10, seed = Environment.TickCount;
string folder = Path.Combine(Path.GetTempPath(), "layerstream-fuzz");
List<string> seeds = [];
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--seconds" when i + 1 < args.Length: seconds = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--seed" when i + 1 < args.Length: seed = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--out" when i + 1 < args.Length: folder = args[++i]; break;
        case var path when !path.StartsWith('-'): seeds.Add(path); break;
        default: Console.Error.WriteLine("fuzz [--seconds N] [--seed N] [--out FOLDER] SEED.gguf ..."); return 2;
    }
}

if (seeds.Count == 0)
{
    Console.Error.WriteLine("Name at least one sound, small, single GGUF file, for example tests/Golden.Tests/data/*/model.gguf.");
    return 2;
}

Directory.CreateDirectory(folder);
FuzzLoop loop = new(seeds, folder, seed);
using Timer watchdog = new(
    _ =>
    {
        if (loop.IsHanging)
        {
            Console.Error.WriteLine($"hang: {loop.CurrentPath}");
            Environment.Exit(1);
        }
    },
    null, 500, 500);
Stopwatch clock = Stopwatch.StartNew();
while (clock.Elapsed.TotalSeconds < seconds)
{
    loop.Step();
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {loop.Inputs} inputs in {clock.Elapsed.TotalSeconds:F0} s, "
    + $"{loop.Runs} generated tokens, slowest {loop.SlowestSeconds:F2} s, {loop.Findings.Count} findings"));
foreach ((string stage, long count) in loop.Reached)
{
    Console.WriteLine($"  {count,9} {stage}");
}

foreach ((string what, string path) in loop.Findings)
{
    Console.WriteLine($"  FINDING {what} ({path})");
}

return loop.Findings.Count == 0 ? 0 : 1;
