using System.CommandLine;
using System.Globalization;
using LayerStream.Kernels;
using LayerStream.Memory;
using LayerStream.Sampling;

namespace LayerStream.Host.Cli;

/// <summary>Options accepted before and after every verb, and their binding.</summary>
public static class CommonOptions
{
    private static readonly (string Name, string Help)[] s_texts =
    [
        ("model", "GGUF file, or the first of its shards"),
        ("memory-budget", "most memory the process may take, e.g. 128MiB or 12GiB (default: 80 % of what is free)"),
        ("prefetch-depth", "tiles loaded ahead of compute, or auto"),
        ("threads", "compute threads (default: all cores)"),
        ("context", "tokens of context"),
        ("kv-type", "key/value cache: f16 or f32"),
        ("activations", "activations in matrix products: int8 or f32"),
        ("temperature", "0 = always the likeliest token"),
        ("top-k", "keep the K likeliest tokens, 0 = all"),
        ("top-p", "keep the likeliest tokens up to this mass"),
        ("min-p", "drop tokens below this share of the likeliest"),
        ("repeat-penalty", "1 = none"),
        ("seed", "seed of the draw"),
    ];

    private static readonly Option<string[]> s_stop = new("--stop") { Description = "text that ends the answer (repeatable)", Recursive = true };
    private static readonly Option<bool> s_json = new("--json") { Description = "machine-readable output", Recursive = true };
    private static readonly Option<bool> s_quiet = new("--quiet") { Description = "no budget sheet, no progress", Recursive = true };
    private static readonly Option<string?> s_config = new("--config") { Description = "configuration file (default: layerstream.json here, if there is one)", Recursive = true };

    private static readonly Dictionary<string, Option<string?>> s_options = s_texts.ToDictionary(
        t => t.Name, t => new Option<string?>("--" + t.Name) { Description = t.Help, Recursive = true });

    /// <summary>Names a configuration file may set.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_texts.Select(t => t.Name), "stop", "json", "quiet"];

    /// <summary>Adds the options to the root.</summary>
    public static void AddTo(Command root)
    {
        foreach ((string name, _) in s_texts)
        {
            root.Add(s_options[name]);
        }

        root.Add(s_stop);
        root.Add(s_json);
        root.Add(s_quiet);
        root.Add(s_config);
    }

    /// <summary>Binds: flag, else environment (<c>LAYERSTREAM__MEMORY_BUDGET</c>), else file, else default.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="modelPath">A model named by the verb's own argument; null to take --model or the default model.</param>
    /// <exception cref="UsageException">A value is out of range, a key is unknown, or no model can be found.</exception>
    public static ModelOptions Bind(ParseResult parse, string? modelPath = null)
    {
        SettingSource source = new(parse.GetValue(s_config));
        HashSet<string> set = [];
        string? Read(string name)
        {
            string? value = (s_options.TryGetValue(name, out Option<string?>? option) ? parse.GetValue(option) : null) ?? source.Get(name);
            if (value is not null)
            {
                set.Add(name);
            }

            return value;
        }

        SamplingOptions sampling = Sampling(Read);
        string[] stop = parse.GetValue(s_stop) is { Length: > 0 } flags ? flags : [.. source.GetList("stop")];
        string? budget = Read("memory-budget");
        return new ModelOptions
        {
            ModelPath = modelPath ?? Read("model") ?? DefaultModel.Find(),
            BudgetBytes = budget is null ? null : Budget(budget),
            PrefetchDepth = Read("prefetch-depth") is { } depth && depth != "auto" ? Whole("prefetch-depth", depth, 1, 4096) : 0,
            Threads = Read("threads") is { } threads ? Whole("threads", threads, 0, 1024) : 0,
            Context = Read("context") is { } context ? Whole("context", context, 0, int.MaxValue) : 0,
            KvType = Read("kv-type") is { } kv ? Choice("kv-type", kv, ("f16", KvType.F16), ("f32", KvType.F32)) : KvType.F16,
            Activations = Read("activations") is { } mode ? Choice("activations", mode, ("int8", ActivationMode.Int8), ("f32", ActivationMode.F32)) : ActivationMode.Int8,
            Json = parse.GetValue(s_json) || Flag("json", source.Get("json")),
            Quiet = parse.GetValue(s_quiet) || Flag("quiet", source.Get("quiet")),
            Sampling = sampling,
            Explicit = set,
            Stop = [.. stop.Where(s => s.Length > 0)],
        };
    }

    /// <summary>The configuration file named by --config, or null.</summary>
    internal static string? ConfigPath(ParseResult parse) => parse.GetValue(s_config);

    /// <summary>Whether --json was given, for verbs that need nothing else.</summary>
    public static bool Json(ParseResult parse) => parse.GetValue(s_json);

    private static SamplingOptions Sampling(Func<string, string?> read)
    {
        SamplingOptions s = new();
        s = s with
        {
            Temperature = Real("temperature", read("temperature"), s.Temperature),
            TopK = read("top-k") is { } k ? Whole("top-k", k, 0, int.MaxValue) : s.TopK,
            TopP = Real("top-p", read("top-p"), s.TopP),
            MinP = Real("min-p", read("min-p"), s.MinP),
            RepeatPenalty = Real("repeat-penalty", read("repeat-penalty"), s.RepeatPenalty),
            Seed = read("seed") is { } seed ? ParseSeed(seed) : null,
        };
        try
        {
            s.Validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }

        return s;
    }

    private static long Budget(string text) =>
        ByteSize.TryParse(text, out long bytes) && bytes > 0 ? bytes : throw new UsageException($"--memory-budget takes a size such as 128MiB, not '{text}'.");

    private static long ParseSeed(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long v) ? v : throw new UsageException($"--seed takes a whole number, not '{text}'.");

    private static int Whole(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int v) && v >= least && v <= most
            ? v
            : throw new UsageException($"--{name} takes a whole number from {least}{(most == int.MaxValue ? " up" : $" to {most}")}, not '{text}'.");

    private static float Real(string name, string? text, float otherwise) => text is null
        ? otherwise
        : float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) && float.IsFinite(v)
            ? v
            : throw new UsageException($"--{name} takes a number, not '{text}'.");

    private static T Choice<T>(string name, string text, params ReadOnlySpan<(string Text, T Value)> rows)
    {
        foreach ((string key, T value) in rows)
        {
            if (string.Equals(key, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        throw new UsageException($"--{name} takes {rows[0].Text} or {rows[1].Text}, not '{text}'.");
    }

    private static bool Flag(string name, string? text) => text?.ToLowerInvariant() switch
    {
        null or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw new UsageException($"{name} is true or false, not '{text}'."),
    };
}
