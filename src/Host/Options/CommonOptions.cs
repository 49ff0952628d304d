using System.CommandLine;
using LayerStream.Actors;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Options;

/// <summary>Options accepted before and after every verb, and their binding.</summary>
public static class CommonOptions
{
    private static readonly (string Name, string Help)[] s_texts =
    [
        ("model", "GGUF file, the first of its shards, or a name that 'ls' lists"),
        ("memory-budget", "most memory the process may take, e.g. 128MiB or 12GiB (default: 80 % of what is free)"),
        ("prefetch-depth", "tiles loaded ahead of compute, or auto"),
        ("reads-in-flight", "reads that may run at the same time, or auto"),
        ("transient-slots", "slots for experts that pass through without being kept, or auto"),
        ("threads", "compute threads (default: all cores)"),
        ("context", "tokens of context, of each sequence"),
        ("max-pass-seconds", "how long prompts may keep a generation beside them from its next token (default: 2)"),
        ("draft", "try guesses of what comes next: off (default), auto (while it pays), prompt (from the text so far) or model"),
        ("draft-model", "smaller model with the same tokenizer that guesses, all in memory: a file or a name that 'ls' lists"),
        ("sequences", "generations that run at the same time, or auto (default: 1)"),
        ("state-dir", "folder that keeps what was read of prompts and conversations for later starts (default: none)"),
        ("state-size", "most bytes that the files in it take together (default: 8GiB)"),
        ("kv-type", "key/value cache: f16 or f32"),
        ("predict", "read experts before they are demanded: on, off, or auto (while it pays; default)"),
        ("chat-template", "chat template instead of the model's own: a file, chatml, or the name of one in the model"),
        ("activations", "activations in matrix products: int8 (faster prompts), int16 (default) or f32"),
        ("profile", "file of what runs teach for later predictions, or off (default: layerstream/profile.json among the user's state)"),
        .. ExpertFlags.Texts,
        .. SamplingFlags.Texts,
    ];

    private static readonly (string Name, string Help)[] s_listTexts =
    [
        ("models", "folder of models (repeatable; default: the one that pull fills)"),
        ("stop", "text that ends the answer (repeatable)"),
        .. SamplingFlags.Lists,
    ];

    private static readonly (string Name, string[] Values)[] s_choices =
    [
        ("draft", ["off", "auto", "prompt", "model"]),
        ("kv-type", ["f16", "f32"]),
        ("predict", ["auto", "on", "off"]),
        ("activations", ["int8", "int16", "f32"]),
    ];

    private static readonly HashSet<string> s_samplingNames = [.. SamplingFlags.Texts.Select(t => t.Name)];
    private static readonly Option<bool> s_parseSpecial = new("--parse-special")
    {
        Description = "recognise control tokens in the text of messages too (a user can close turns then)",
        Recursive = true,
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "machine-readable output", Recursive = true };
    private static readonly Option<bool> s_quiet = new("--quiet") { Description = "no budget sheet, no progress", Recursive = true };
    private static readonly Option<string?> s_config =
        new("--config") { Description = "configuration file (default: layerstream.json here, if there is one)", Recursive = true };

    private static readonly Dictionary<string, Option<string?>> s_options = s_texts.ToDictionary(
        t => t.Name, t => new Option<string?>("--" + t.Name) { Description = t.Help, Recursive = true });

    private static readonly Dictionary<string, Option<string[]>> s_lists = s_listTexts.ToDictionary(
        t => t.Name, t => new Option<string[]>("--" + t.Name) { Description = t.Help, Recursive = true });

    /// <summary>Names of the options that may repeat; in a file their value may be an array.</summary>
    public static IReadOnlyList<string> ListNames { get; } = [.. s_listTexts.Select(t => t.Name)];

    /// <summary>Names a configuration file may set.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_texts.Select(t => t.Name), .. ListNames, "parse-special", "json", "quiet"];

    /// <summary>Adds the options to the root.</summary>
    public static void AddTo(Command root)
    {
        foreach ((string name, _) in s_texts)
        {
            root.Add(s_options[name]);
        }

        foreach (string name in ListNames)
        {
            root.Add(s_lists[name]);
        }

        foreach ((string name, string[] values) in s_choices)
        {
            s_options[name].CompletionSources.Clear();
            s_options[name].CompletionSources.Add(values);
        }

        root.Add(s_parseSpecial);
        root.Add(s_json);
        root.Add(s_quiet);
        root.Add(s_config);
    }

    /// <summary>Hides from help what a verb accepts, because one configuration serves all verbs, but has no use for.</summary>
    public static void ShowOnly(CommonUse uses)
    {
        foreach ((string name, Option<string?> option) in s_options)
        {
            option.Hidden = !uses.HasFlag(Need(name));
        }

        foreach (Option option in s_lists.Values.Append<Option>(s_parseSpecial))
        {
            option.Hidden = !uses.HasFlag(Need(OptionNames.NameOf(option)));
        }
    }

    /// <summary>The first flag of the command line that a verb has no use for, or null. Environment and file serve all verbs, and are not
    /// asked.</summary>
    public static string? Useless(ParseResult parse, CommonUse uses) =>
        s_options.Where(o => parse.GetResult(o.Value) is { Implicit: false } && !uses.HasFlag(Need(o.Key))).Select(o => o.Value.Name)
            .Concat(s_lists.Values.Append<Option>(s_parseSpecial)
                .Where(o => parse.GetResult(o) is { Implicit: false } && !uses.HasFlag(Need(OptionNames.NameOf(o)))).Select(o => o.Name))
            .FirstOrDefault();

    private static CommonUse Need(string name) => name switch
    {
        "model" => CommonUse.Model,
        "models" => CommonUse.Catalogue,
        "memory-budget" => CommonUse.Budget,
        "threads" => CommonUse.Threads,
        "chat-template" or "parse-special" => CommonUse.Sampling,
        _ => s_samplingNames.Contains(name) || s_lists.ContainsKey(name) ? CommonUse.Sampling : CommonUse.Engine,
    };

    /// <summary>Binds: flag, else environment (<c>LAYERSTREAM__MEMORY_BUDGET</c>), else file, else default.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="modelPath">A model named by the verb's own argument; null to take --model or the default model.</param>
    /// <param name="over">Values that count before all others, by option; null = none.</param>
    /// <exception cref="UsageException">A value is out of range, a key is unknown, or no model can be found.</exception>
    public static ModelOptions Bind(ParseResult parse, string? modelPath = null,
        IReadOnlyDictionary<string, IReadOnlyList<string>>? over = null)
    {
        SettingSource source = new(parse);
        HashSet<string> set = [];
        string? Read(string name)
        {
            string? value = over?.GetValueOrDefault(name)?.FirstOrDefault() ?? Flag(parse, name) ?? source.Get(name);
            if (value is not null)
            {
                set.Add(name);
            }

            return value;
        }

        IReadOnlyList<string> ReadList(string name)
        {
            IReadOnlyList<string> values = over?.GetValueOrDefault(name) ?? Flags(parse, name) ?? source.GetList(name);
            if (values.Count > 0)
            {
                set.Add(name);
            }

            return values;
        }

        SamplingOptions sampling = SamplingFlags.Bind(Read, ReadList);
        string? budget = Read("memory-budget");
        IReadOnlyList<string> folders = ModelFolder.Of(ReadList("models"));
        return new ModelOptions
        {
            ModelPath = (modelPath ?? Model(Read("model"))) is { } model ? ModelChoice.Path(model, folders) : DefaultModel.Find(),
            ModelFolders = folders,
            BudgetBytes = budget is null ? null : Size("memory-budget", budget),
            PrefetchDepth = Read("prefetch-depth") is { } depth && depth != "auto" ? OptionText.Whole("prefetch-depth", depth, 1, 4096) : 0,
            ReadsInFlight = Read("reads-in-flight") is { } reads && reads != "auto" ? OptionText.Whole("reads-in-flight", reads, 1, 64) : 0,
            TransientExperts = Read("transient-slots") is { } slots
                && slots != "auto" ? OptionText.Whole("transient-slots", slots, 1, 4096) : 0,
            Threads = Read("threads") is { } threads ? OptionText.Whole("threads", threads, 0, 1024) : 0,
            Sequences = Read("sequences") is { } sequences
                ? sequences == "auto" ? 0 : OptionText.Whole("sequences", sequences, 1, 256) : 1,
            Drafts = DraftFlags.Mode(Read),
            DraftModelPath = DraftFlags.ModelPath(Read, folders),
            StateFolder = Read("state-dir") is { Length: > 0 } states ? Folder("state-dir", states) : null,
            StateBytes = Read("state-size") is { } most ? Size("state-size", most) : EngineOptions.DefaultStateBytes,
            MostPassSeconds = Read("max-pass-seconds") is { } seconds ? NotNegative("max-pass-seconds", seconds) : 2,
            Context = Read("context") is { } context ? OptionText.Whole("context", context, 0, int.MaxValue) : 0,
            KvType = Read("kv-type") is { } kv ? OptionText.Choice("kv-type", kv, ("f16", KvType.F16), ("f32", KvType.F32)) : KvType.F16,
            Activations = Read("activations") is { } mode
                ? OptionText.Choice("activations", mode, ("int8", ActivationMode.Int8), ("int16", ActivationMode.Int16),
                    ("f32", ActivationMode.F32)) : ActivationModes.Default,
            ExpertsPerToken = ExpertFlags.PerToken(Read),
            DropColdExperts = ExpertFlags.DropCold(Read),
            ExpertPolicy = ExpertFlags.Policy(Read),
            Prediction = Read("predict") is { } predict
                ? OptionText.Choice("predict", predict, ("auto", PredictionMode.Auto), ("on", PredictionMode.On),
                ("off", PredictionMode.Off))
                : PredictionMode.Auto,
            ChatTemplate = Read("chat-template"),
            ParseMessages = parse.GetValue(s_parseSpecial) || OptionText.Flag("parse-special", source.Get("parse-special")),
            ProfilePath = Profile(Read("profile")),
            Json = parse.GetValue(s_json) || OptionText.Flag("json", source.Get("json")),
            Quiet = parse.GetValue(s_quiet) || OptionText.Flag("quiet", source.Get("quiet")),
            Sampling = sampling,
            Explicit = set,
            Stop = [.. ReadList("stop").Where(s => s.Length > 0)],
        };
    }

    /// <summary>Whether a common option is set, by flag, environment or file.</summary>
    public static bool IsSet(ParseResult parse, string name) =>
        Flag(parse, name) is not null || Flags(parse, name) is not null || new SettingSource(parse).GetList(name).Count > 0;

    private static string? Flag(ParseResult parse, string name) =>
        s_options.TryGetValue(name, out Option<string?>? option) ? parse.GetValue(option) : null;

    private static string[]? Flags(ParseResult parse, string name) =>
        s_lists.TryGetValue(name, out Option<string[]>? option) && parse.GetValue(option) is { Length: > 0 } values ? values : null;

    /// <summary>The configuration file named by --config, or null.</summary>
    internal static string? ConfigPath(ParseResult parse) => parse.GetValue(s_config);

    /// <summary>Whether --json is set, by flag, environment or file, for verbs that need nothing else.</summary>
    public static bool Json(ParseResult parse) => IsOn(parse, s_json);

    /// <summary>Whether --quiet is set, in the same way.</summary>
    public static bool Quiet(ParseResult parse) => IsOn(parse, s_quiet);

    /// <summary>Whether --json is among the flags: known even where nothing else of the command line can be taken.</summary>
    internal static bool JsonFlag(ParseResult parse) => parse.GetValue(s_json);

    private static bool IsOn(ParseResult parse, Option<bool> option) => parse.GetValue(option)
        || OptionText.Flag(OptionNames.NameOf(option), new SettingSource(parse).Get(OptionNames.NameOf(option)));

    private static string? Profile(string? given) => SpeedProfile.PathOf(given) is not { } path || !ModelFile.IsModel(path)
        ? SpeedProfile.PathOf(given)
        : throw new UsageException($"{path} is a model, and --profile writes over what it names. --model names a model.");

    private static string? Model(string? given) => given is not "" ? given
        : throw new UsageException("--model takes a file or a name that 'ls' lists, and was given neither.");

    private static float NotNegative(string name, string text) => OptionText.Real(name, text) is >= 0 and var value ? value
        : throw new UsageException($"--{name} takes a number from 0 up, not '{text}'.");

    private static string Folder(string name, string path) => File.Exists(path)
        ? throw new UsageException($"--{name} takes a folder, and {path} is a file.") : Path.GetFullPath(path);

    /// <summary>A size such as 128MiB.</summary>
    /// <exception cref="UsageException">It is none, or nothing.</exception>
    internal static long Size(string name, string text) =>
        ByteSize.TryParse(text, out long bytes) && bytes > 0 ? bytes
            : throw new UsageException($"--{name} takes a size such as 128MiB, not '{text}'.");
}
