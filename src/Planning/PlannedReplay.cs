using LayerStream.Formats.Routes;
using LayerStream.Models.Spec;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning;

/// <summary>What one layer of one token used.</summary>
/// <param name="Token">Token of the routing.</param>
/// <param name="Bank">Id of the layer's bank.</param>
/// <param name="Used">Experts it was routed to.</param>
/// <param name="MissBegin">Where its missed experts begin in <see cref="PlannedReplay.Missed"/>.</param>
/// <param name="Misses">How many of them there are.</param>
public readonly record struct LayerUse(int Token, int Bank, int Used, int MissBegin, int Misses);

/// <summary>
/// Routing replayed through the policy and the slots of a plan, as a run would use them: which experts it would read for which token.
/// </summary>
public sealed class PlannedReplay
{
    /// <summary>Tokens of the prompt before the first one counted, where routing is made up.</summary>
    public const int SyntheticPrompt = 8;

    private const int SyntheticTokens = 64;

    // Of recorded routing: the default policy then hits as on two of three recorded traces within 4 points, on the third up to 8 less.
    private const double SyntheticLocality = 0.9;

    private readonly List<LayerUse> _uses = [];
    private readonly List<int> _missed = [];

    private PlannedReplay(ExpertPlan plan, bool isRecorded) => (Plan, IsRecorded) = (plan, isRecorded);

    /// <summary>The plan.</summary>
    public ExpertPlan Plan { get; }

    /// <summary>Whether the routing was recorded, and not made up.</summary>
    public bool IsRecorded { get; }

    /// <summary>Per token and layer, in order; a prompt's tokens are left out.</summary>
    public IReadOnlyList<LayerUse> Uses => _uses;

    /// <summary>Missed experts of all uses, one after the other.</summary>
    public IReadOnlyList<int> Missed => _missed;

    /// <summary>Tokens counted.</summary>
    public int Tokens { get; private set; }

    /// <summary>Share of the routed experts that were in memory.</summary>
    public double HitRate => 1 - (_missed.Count / Math.Max(1.0, _uses.Sum(u => (double)u.Used)));

    /// <summary>Bytes of experts that a token reads, on average.</summary>
    public double MissBytesPerToken => _uses.Sum(u => (double)u.Misses * Plan.Layouts[u.Bank].ExpertBytes) / Math.Max(1, Tokens);

    /// <summary>Says why a trace is not one of the plan's model; null when it may be.</summary>
    public static string? Misfit(ExpertPlan plan, RouteHeader header)
    {
        foreach (ExpertBank bank in plan.Layouts.Select(l => l.Bank))
        {
            if (bank.Layer >= header.Layers || header.ExpertBytes[bank.Layer] == 0 || header.Experts != bank.Experts
                || header.Routed < bank.Used)
            {
                return $"The trace is of {header.Model}, {header.Layers} layers with {header.Routed} of {header.Experts} experts; layer "
                    + $"{bank.Layer} of this model uses {bank.Used} of {bank.Experts}.";
            }
        }

        return null;
    }

    /// <summary>
    /// Replays a recorded trace of the model. Its generated tokens count, all of its tokens where it has no prompt. Of a trace with more
    /// experts per token than the plan has, the strongest are taken.
    /// </summary>
    /// <exception cref="ArgumentException">The trace is that of another shape.</exception>
    public static PlannedReplay Of(ExpertPlan plan, RouteTrace trace)
    {
        if (Misfit(plan, trace.Header) is { } misfit)
        {
            throw new ArgumentException(misfit, nameof(trace));
        }

        bool hasPrompt = trace.Touches.Any(t => t.Phase == 0) && trace.Touches.Any(t => t.Phase != 0);
        return Run(plan, trace, hasPrompt ? t => t.Phase != 0 : _ => true, isRecorded: true);
    }

    /// <summary>Replays made-up routing with the locality of recorded traces: the tokens after a short prompt, from an empty
    /// cache.</summary>
    public static PlannedReplay OfSynthetic(ExpertPlan plan)
    {
        int layers = plan.Layouts.Max(l => l.Bank.Layer) + 1;
        long[] bytes = new long[layers];
        foreach (ExpertLayout layout in plan.Layouts)
        {
            bytes[layout.Bank.Layer] += layout.ExpertBytes;
        }

        RouteHeader header = new("", "", plan.Layouts.Max(l => l.Bank.Experts), plan.Layouts.Max(l => l.Bank.Used), bytes,
            new long[layers]);
        RouteTrace trace = SyntheticRouting.Generate(header, SyntheticPrompt + SyntheticTokens, seed: 1, SyntheticLocality);
        return Run(plan, trace, t => t.Token >= SyntheticPrompt, isRecorded: false);
    }

    private static PlannedReplay Run(ExpertPlan plan, RouteTrace trace, Func<RouteTouch, bool> counts, bool isRecorded)
    {
        PlannedReplay replay = new(plan, isRecorded);
        ClassPolicies policies = new(plan);
        int[] bankOfLayer = new int[trace.Header.Layers];
        Array.Fill(bankOfLayer, -1);
        foreach (ExpertLayout layout in plan.Layouts)
        {
            bankOfLayer[layout.Bank.Layer] = layout.Bank.Id;
        }

        RouteTouch[] touches = [.. trace.Touches.Where(t => bankOfLayer[t.Layer] >= 0)];
        int prompt = Array.FindIndex(touches, t => counts(t));
        policies.Begin();
        foreach (IGrouping<int, RouteTouch> layer in touches.Take(prompt).GroupBy(t => t.Layer).OrderBy(g => g.Key))
        {
            Read(policies, trace, [.. layer], bankOfLayer[layer.Key]);
        }

        bool[] hits = new bool[trace.Header.Experts];
        int token = -1;
        foreach (RouteTouch touch in touches.Skip(prompt))
        {
            if (touch.Token != token)
            {
                token = touch.Token;
                policies.Begin();
                replay.Tokens += counts(touch) ? 1 : 0;
            }

            replay.Add(policies, trace, touch, bankOfLayer[touch.Layer], counts(touch), hits);
        }

        return replay;
    }

    /// <summary>A layer of a prompt, which a run reads in one pass: the experts of all its tokens at once, strongest first.</summary>
    private static void Read(ClassPolicies policies, RouteTrace trace, RouteTouch[] touches, int bank)
    {
        SortedDictionary<int, float> sums = [];
        foreach (RouteTouch touch in touches)
        {
            ReadOnlySpan<int> experts = trace.Experts(touch);
            for (int i = 0; i < experts.Length; i++)
            {
                sums[experts[i]] = sums.GetValueOrDefault(experts[i]) + trace.Weights(touch)[i];
            }
        }

        int[] ids = [.. sums.OrderByDescending(e => e.Value).Select(e => e.Key)];
        bool[] hits = new bool[ids.Length];
        (IExpertPolicy policy, int layer) = policies.Of(bank);
        policy.Touch(layer, ids, [.. ids.Select(e => sums[e])], hits);
        foreach (int expert in ids.Where((_, i) => !hits[i]))
        {
            policy.Admit(layer, expert);
        }
    }

    private void Add(ClassPolicies policies, RouteTrace trace, in RouteTouch touch, int bank, bool isCounted, bool[] hits)
    {
        int used = Math.Min(touch.Count, Plan.Layouts[bank].Bank.Used), begin = _missed.Count;
        ReadOnlySpan<int> experts = trace.Experts(touch)[..used];
        (IExpertPolicy policy, int layer) = policies.Of(bank);
        policy.Touch(layer, experts, trace.Weights(touch)[..used], hits.AsSpan(0, used));
        for (int i = 0; i < used; i++)
        {
            if (!hits[i])
            {
                policy.Admit(layer, experts[i]);
                if (isCounted && !Plan.AllResident)
                {
                    _missed.Add(experts[i]);
                }
            }
        }

        if (isCounted)
        {
            _uses.Add(new LayerUse(touch.Token, bank, used, begin, _missed.Count - begin));
        }
    }

    /// <summary>One policy for each size of slot, as in a run.</summary>
    private sealed class ClassPolicies
    {
        private readonly IExpertPolicy[] _policies;
        private readonly (int Class, int Layer)[] _places;

        internal ClassPolicies(ExpertPlan plan)
        {
            _policies = [.. plan.Classes.Select(c => plan.Policy.Create(new ExpertCacheShape(c.Experts, c.Routed, c.SlotsPerBank)))];
            _places = new (int, int)[plan.Layouts.Count];
            for (int c = 0; c < plan.Classes.Count; c++)
            {
                for (int i = 0; i < plan.Classes[c].Banks.Count; i++)
                {
                    _places[plan.Classes[c].Banks[i]] = (c, i);
                }
            }
        }

        internal void Begin()
        {
            foreach (IExpertPolicy policy in _policies)
            {
                policy.Begin();
            }
        }

        internal (IExpertPolicy Policy, int Layer) Of(int bank) => (_policies[_places[bank].Class], _places[bank].Layer);
    }
}
