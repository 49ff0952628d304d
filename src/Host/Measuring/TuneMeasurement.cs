using System.Diagnostics;
using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Models.Spec;
using LayerStream.Planning.Tuning;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Measuring;

/// <summary>
/// Measures settings beside each other. A device's rate changes within minutes, so nothing is compared that did not run close together:
/// numbers of reads alternate within one generation, some tokens each; the others are loaded between two loads of what was given.
/// </summary>
internal sealed class TuneMeasurement
{
    private const int SettlingTokens = 40;     // within 32 the tuner has come to an end
    private const int LeastSettlingTokens = 8; // it may hold a setting for a moment before it tries another
    private const int Block = 4; // tokens of one number of reads; the first is not counted

    // Greedy text may fall into a loop, whose experts all stay in memory.
    private static readonly SamplingOptions s_sampling = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1 };

    private static readonly Progress<SessionNotice> s_nobody = new();

    private readonly TunePlans _plans;
    private readonly IProgress<SessionNotice> _notices;
    private readonly int[] _prompt;
    private readonly int _turns, _warmUp;
    private readonly Dictionary<TuneCase, List<double>> _ratios; // time of a token as given ÷ with the case
    private readonly List<double> _given = []; // seconds of a token

    /// <param name="plans">What to measure.</param>
    /// <param name="ids">The prompt; null for a fixed short one.</param>
    /// <param name="tokens">Tokens measured of each case in each round.</param>
    /// <param name="warmUp">Tokens of a generation before them.</param>
    /// <param name="notices">Hears of what opening says.</param>
    /// <exception cref="TokenWithoutRowException">The model has no row for an id.</exception>
    /// <exception cref="UsageException">The tokens do not fit the context.</exception>
    public TuneMeasurement(TunePlans plans, int[]? ids, int tokens, int warmUp, IProgress<SessionNotice> notices)
    {
        EnginePlan plan = plans.Given.Plan;
        (_plans, _warmUp, _notices) = (plans, warmUp, notices);
        _prompt = ids ?? [.. Enumerable.Range(1, 8).Select(i => i * 37 % plan.Spec.Vocabulary)];
        TokenWithoutRowException.ThrowIfAny(_prompt, plan.Spec.Vocabulary);
        _turns = (tokens + Block - 2) / (Block - 1);
        int most = Tokens(1 + plans.Cases.Count(c => c.Reads > 0));
        if (_prompt.Length + most > plan.Context)
        {
            throw new UsageException($"{_prompt.Length} + {most} tokens are taken for this, and the context holds {plan.Context}: set "
                + "--context higher or --tokens lower.");
        }

        _ratios = plans.Cases.ToDictionary(c => c, _ => new List<double>());
    }

    /// <summary>The last generation of what was given.</summary>
    public RunResult? Given { get; private set; }

    /// <summary>What the tuner of depth and reads holds best; null where there is none, or it has not come to an end.</summary>
    public TunerSetting? Tuned { get; private set; }

    /// <summary>Lets the tuner come to an end before anything is measured, so that settings are compared with its own choice.</summary>
    /// <param name="learnt">Where it begins; null = nothing is known.</param>
    /// <param name="ct">Ends it.</param>
    public async Task SettleAsync(TunerSetting? learnt, CancellationToken ct)
    {
        Tuned = learnt;
        await using LoadedModel model = await _plans.Given.LoadAsync(_notices, ct);
        Engine engine = model.Engine;
        StartTuning(engine);
        int most = Math.Min(SettlingTokens, engine.Context - _prompt.Length - 1);
        SamplerChain sampler = Generation.CreateSampler(model.Tokenizer, s_sampling, engine.Spec.Vocabulary);
        int passes = 0;
        await engine.RunAsync(new RunRequest
        {
            Prompt = _prompt,
            MaxTokens = most,
            Sample = sampler.Sample,
            OnToken = _ => ++passes > LeastSettlingTokens && engine.Tuned is not null,
        }, ct);
        ct.ThrowIfCancellationRequested();
        Tuned = engine.Tuned ?? Tuned;
    }

    /// <summary>Measures every case once. Errors: as <see cref="PlannedModel.LoadAsync"/>; a case that does not fit the budget is left
    /// out.</summary>
    public async Task RoundAsync(bool isReversed, Action<string> progress, CancellationToken ct)
    {
        TuneCase[] loads = [.. _plans.Cases.Where(c => c.Reads == 0 && c != TuneCase.AsGiven)];
        double before = await AsGivenAsync([.. _plans.Cases.Where(c => c.Reads > 0 && !_plans.Gaps.ContainsKey(c))], progress, ct);
        foreach (TuneCase load in isReversed ? loads.Reverse() : loads)
        {
            if (_plans.Gaps.TryGetValue(load, out string? gap))
            {
                progress($"{load} {gap}");
                continue;
            }

            double seconds = Middle((await GenerateAsync([load], ct))[0]);
            double after = await AsGivenAsync([], progress, ct);
            _ratios[load].Add((before + after) / 2 / seconds);
            before = after;
            progress(string.Create(CultureInfo.InvariantCulture, $"{load}: {1 / seconds:F2} tokens/s, as given {1 / after:F2}"));
        }
    }

    /// <summary>What was measured, in the order of the cases.</summary>
    public IReadOnlyList<TuneRow> Rows()
    {
        double given = 1 / Middle(_given);
        return [.. _plans.Cases.Select(c => c == TuneCase.AsGiven ? new TuneRow(c, given, 1, 0, null)
            : TuneRow.From(c, given, _ratios[c], _plans.Gaps.GetValueOrDefault(c)))];
    }

    /// <summary>Seconds of a token as given, numbers of reads alternating with it.</summary>
    private async Task<double> AsGivenAsync(TuneCase[] reads, Action<string> progress, CancellationToken ct)
    {
        TuneCase[] cases = [TuneCase.AsGiven, .. reads];
        List<double>[] times = await GenerateAsync(cases, ct);
        double given = Middle(times[0]);
        _given.AddRange(times[0]);
        for (int i = 1; i < cases.Length; i++)
        {
            // Turn by turn: the blocks of one turn ran within seconds.
            _ratios[cases[i]].AddRange(times[0].Zip(times[i], (a, b) => a / b));
            progress(string.Create(CultureInfo.InvariantCulture,
                $"{cases[i]}: {1 / Middle(times[i]):F2} tokens/s, as given {1 / given:F2}"));
        }

        return given;
    }

    /// <summary>Mean seconds of a token in each turn of each case, numbers of reads alternating.</summary>
    private async Task<List<double>[]> GenerateAsync(TuneCase[] cases, CancellationToken ct)
    {
        ModelOptions given = _plans.Given.Options;
        // The peak is that of the whole process: where budgets are measured it says nothing of any one.
        IProgress<SessionNotice> notices = _plans.Cases.Any(c => c.BudgetBytes > 0) ? s_nobody : _notices;
        await using LoadedModel model = await _plans.For(cases).LoadAsync(notices, ct);
        StartTuning(model.Engine);
        List<double>[] times = [.. cases.Select(_ => new List<double>())];
        SamplerChain sampler = Generation.CreateSampler(model.Tokenizer, s_sampling, model.Engine.Spec.Vocabulary);
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
                    model.Engine.LimitReads(cases[Turn(block)].Apply(given).ReadsInFlight);
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
            new RunRequest { Prompt = _prompt, MaxTokens = Tokens(cases.Length), Sample = sampler.Sample, OnToken = OnToken }, ct);
        ct.ThrowIfCancellationRequested();
        if (cases[0] == TuneCase.AsGiven)
        {
            Given = result;
        }

        return times;
    }

    /// <summary>The median: a turn in which the disk stood still says nothing of a setting.</summary>
    private static double Middle(IReadOnlyCollection<double> times)
    {
        double[] ordered = [.. times.Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }

    private void StartTuning(Engine engine)
    {
        if (Tuned is { } found)
        {
            engine.StartTuningAt(found);
        }
    }

    /// <summary>Tokens of a generation in which some cases alternate.</summary>
    private int Tokens(int cases) => _warmUp + (_turns * cases * Block) + 1;
}
