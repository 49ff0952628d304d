using System.Diagnostics;
using System.Globalization;
using LayerStream.Actors;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Sampling;

namespace LayerStream.Host.Cli;

/// <summary>
/// Measures settings beside each other. A device's rate changes within minutes, so nothing is compared that did not run close together:
/// numbers of reads alternate within one generation, some tokens each; the others are loaded between two loads of what was given.
/// </summary>
internal sealed class TuneMeasurement
{
    private const int Block = 4;               // tokens of one number of reads; the first is not counted
    private const long ReopenBytes = 96L << 20; // every load opens the file anew, under the heap limit of the one before

    private readonly ModelOptions _options;
    private readonly int[]? _ids;
    private readonly TuneCase[] _cases;
    private readonly int _reads, _tokens, _warmUp;
    private readonly List<double>[] _ratios; // [case] time of a token as given ÷ with the case
    private readonly List<double> _given = []; // seconds of a token
    private readonly string?[] _gaps;

    /// <param name="options">What was given.</param>
    /// <param name="ids">The prompt; null for a fixed short one.</param>
    /// <param name="cases">What to measure; the first is <see cref="TuneCase.AsGiven"/>.</param>
    /// <param name="reads">Reads in flight of what was given.</param>
    /// <param name="tokens">Tokens measured of each case in each round.</param>
    /// <param name="warmUp">Tokens of a generation before them.</param>
    public TuneMeasurement(ModelOptions options, int[]? ids, TuneCase[] cases, int reads, int tokens, int warmUp)
    {
        // Greedy text may fall into a loop, whose experts all stay in memory.
        SamplingOptions sampling = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1 };
        (_options, _ids, _cases, _reads, _tokens, _warmUp) = (options with { ExtraHeapBytes = ReopenBytes, Sampling = sampling }, ids, cases, reads, tokens, warmUp);
        (_ratios, _gaps) = ([.. cases.Select(_ => new List<double>())], new string?[cases.Length]);
    }

    /// <summary>The last generation of what was given.</summary>
    public RunResult? Given { get; private set; }

    /// <summary>Measures every case once. Errors: as <see cref="LoadedModel.OpenAsync"/>; a case that does not fit the budget is left out.</summary>
    public async Task RoundAsync(bool isReversed, Action<string> progress, CancellationToken ct)
    {
        TuneCase[] loads = [.. _cases.Where(c => c.Reads == 0 && c != TuneCase.AsGiven)];
        double before = await AsGivenAsync(progress, ct);
        foreach (TuneCase load in isReversed ? loads.Reverse() : loads)
        {
            int index = Array.IndexOf(_cases, load);
            try
            {
                double seconds = Mean((await GenerateAsync(load, [load], ct))[0]);
                double after = await AsGivenAsync(null, ct);
                _ratios[index].Add((before + after) / 2 / seconds);
                before = after;
                progress(string.Create(CultureInfo.InvariantCulture, $"{load}: {1 / seconds:F2} tokens/s, as given {1 / after:F2}"));
            }
            catch (BudgetTooSmallException e)
            {
                _gaps[index] = $"does not fit the budget (it takes {ByteSize.FormatOption(e.SmallestBudgetBytes)})";
                progress($"{load} {_gaps[index]}");
            }
        }
    }

    /// <summary>What was measured, in the order of the cases.</summary>
    public IReadOnlyList<TuneRow> Rows()
    {
        double given = 1 / Mean(_given);
        return [.. _cases.Select((c, i) => c == TuneCase.AsGiven ? new TuneRow(c, given, 1, 0, null) : TuneRow.From(c, given, _ratios[i], _gaps[i]))];
    }

    /// <summary>Seconds of a token as given; with progress, all numbers of reads alternate with it.</summary>
    private async Task<double> AsGivenAsync(Action<string>? progress, CancellationToken ct)
    {
        TuneCase[] cases = progress is null ? [TuneCase.AsGiven] : [.. _cases.Where(c => c.Reads > 0 || c == TuneCase.AsGiven)];
        List<double>[] times = await GenerateAsync(TuneCase.AsGiven, cases, ct);
        double given = Mean(times[0]);
        _given.AddRange(times[0]);
        for (int i = 1; i < cases.Length; i++)
        {
            // Turn by turn: the blocks of one turn ran within seconds.
            int index = Array.IndexOf(_cases, cases[i]);
            _ratios[index].AddRange(times[0].Zip(times[i], (a, b) => a / b));
            progress!(string.Create(CultureInfo.InvariantCulture, $"{cases[i]}: {1 / Mean(times[i]):F2} tokens/s, as given {1 / given:F2}"));
        }

        return given;
    }

    /// <summary>Mean seconds of a token in each turn of each case, numbers of reads alternating.</summary>
    private async Task<List<double>[]> GenerateAsync(TuneCase load, TuneCase[] cases, CancellationToken ct)
    {
        int turns = (_tokens + Block - 2) / (Block - 1), most = Math.Max(_reads, cases.Max(c => c.Reads));
        ModelOptions options = load.Apply(_options);
        await using LoadedModel model = await LoadedModel.OpenAsync(options with { ReadsInFlight = cases.Length > 1 ? most : options.ReadsInFlight }, ct);
        int[] prompt = _ids ?? [.. Enumerable.Range(1, 8).Select(i => i * 37 % model.Engine.Spec.Vocabulary)];
        TokenIds.Check(prompt, model.Engine.Spec.Vocabulary);
        int count = _warmUp + (turns * cases.Length * Block) + 1;
        if (prompt.Length + count > model.Engine.Context)
        {
            throw new UsageException($"{prompt.Length} + {count} tokens are taken for this, and the context holds {model.Engine.Context}: set --context higher or --tokens lower.");
        }

        List<double>[] times = [.. cases.Select(_ => new List<double>())];
        SamplerChain sampler = Generation.CreateSampler(model.Tokenizer, options.Sampling, model.Engine.Spec.Vocabulary);
        int token = -_warmUp;
        long begin = 0;

        // On the compute thread, between two passes.
        bool OnToken(int id)
        {
            long now = Stopwatch.GetTimestamp();
            int block = token / Block, place = token % Block;
            if (token >= 0 && place == 0)
            {
                if (block > 0)
                {
                    times[Turn(block - 1)].Add(Stopwatch.GetElapsedTime(begin, now).TotalSeconds / (Block - 1));
                }

                if (cases.Length > 1)
                {
                    model.Engine.LimitReads(cases[Turn(block)].Apply(options).ReadsInFlight);
                }
            }
            else if (place == 1)
            {
                begin = now;
            }

            token++;
            return false;
        }

        // Every turn begins with another case.
        int Turn(int block) => ((block / cases.Length) + block) % cases.Length;

        RunResult result = await model.Engine.RunAsync(
            new RunRequest { Prompt = prompt, MaxTokens = count, Sample = sampler.Sample, OnToken = OnToken }, ct);
        ct.ThrowIfCancellationRequested();
        if (load == TuneCase.AsGiven)
        {
            Given = result;
        }

        return times;
    }

    private static double Mean(List<double> seconds) => seconds.Average();
}
