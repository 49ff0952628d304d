using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>One way to understand an object under way.</summary>
/// <param name="Rule">What it must meet.</param>
/// <param name="Links">Threads around it that it serves.</param>
internal sealed record ObjectThread(ObjectRule Rule, int[] Links)
{
    /// <summary>Named members so far.</summary>
    public NameSet Seen { get; init; } = NameSet.Empty;

    /// <summary>Members so far, up to where it matters.</summary>
    public int Count { get; init; }

    /// <summary>Members that must be there and are not yet.</summary>
    public int Missing { get; init; }

    /// <summary>A bit for every presence that a member was chosen for.</summary>
    public int Present { get; init; }

    /// <summary>Number of the name under way, or −1.</summary>
    public int Name { get; init; } = -1;

    /// <summary>Where there is no number: patterns that the name matches.</summary>
    public ulong Signature { get; init; }

    /// <summary>Presences that the member under way is chosen for.</summary>
    public int Choice { get; init; }

    /// <summary>Whether the object may end here.</summary>
    public bool CanClose => Missing == 0 && Count >= Rule.Least && Present == (1 << Rule.Presences.Length) - 1;

    /// <summary>Whether a member may come that need not be there.</summary>
    public bool HasRoom => !Rule.Counts || Count + Missing < Rule.Most;

    /// <summary>Whether another member may come.</summary>
    /// <param name="fits">Whether a value can be ended within the levels that are left.</param>
    public bool CanAdd(Func<Condition, bool> fits) => Missing > 0 || (HasRoom && (AllowsOther(fits)
        || Enumerable.Range(0, Rule.Names.Length).Any(i => Rule.IsAllowed[i] && !Seen.Has(i) && fits(Rule.ValueOf(i, 0, 0)))));

    /// <summary>Where a name begins.</summary>
    /// <param name="fits">Whether a value can be ended within the levels that are left.</param>
    public NamePlace Begin(Func<Condition, bool> fits)
    {
        bool allowsOther = HasRoom && AllowsOther(fits);
        bool[] blocked = [.. Enumerable.Range(0, Rule.Names.Length).Select(i => (!allowsOther || !Rule.LeadsToOther[i])
            && (Seen.Has(i) || (!HasRoom && !Rule.IsRequired[i]) || (Rule.IsAllowed[i] && !fits(Rule.ValueOf(i, 0, 0)))))];
        return new NamePlace(Rule, NameSet.Of(blocked), allowsOther, 0, Rule.Names.Length, 0, Rule.Others.Start);
    }

    private bool AllowsOther(Func<Condition, bool> fits) => Rule.AllowsOther
        && Array.TrueForAll(Rule.Signatures, s => fits(Rule.ValueOf(-1, s, 0)) || !Rule.AllowsOtherWith(s));

    /// <summary>The threads with each choice for a member of this name.</summary>
    public IEnumerable<ObjectThread> Named(NameMatcher matcher, ShapeTable shapes, Func<Condition, bool> fits)
    {
        int name = matcher.Name;
        ulong signature = name >= 0 ? 0 : matcher.Signature;
        if (name >= 0 && Seen.Has(name))
        {
            yield break;
        }

        foreach (int choice in Rule.Choices(name, signature).Where(c => (c & Present) == 0))
        {
            if (Rule.ValueOf(name, signature, choice) is var value && shapes.IsSatisfiable(value) && fits(value))
            {
                yield return this with { Name = name, Signature = signature, Choice = choice };
            }
        }
    }

    /// <summary>The thread behind the member.</summary>
    public ObjectThread Ended() => this with
    {
        Seen = Name >= 0 ? Seen.With(Name) : Seen,
        Count = Rule.Counts ? Math.Min(Count + 1, Math.Max(Rule.Least, Rule.Most == int.MaxValue ? 0 : Rule.Most)) : 0,
        Missing = Name >= 0 && Rule.IsRequired[Name] ? Missing - 1 : Missing,
        Present = Present | Choice,
        Name = -1,
        Signature = 0,
        Choice = 0,
    };
}

/// <summary>An object under way.</summary>
internal sealed class ObjectFrame : Frame
{
    private readonly ObjectThread[] _threads;

    private ObjectFrame(Frame parent, ObjectThread[] threads)
        : base(parent.Language, parent)
    {
        _threads = threads;
    }

    /// <summary>Whether another member may come.</summary>
    public bool CanAdd => Array.Exists(_threads, t => t.CanAdd(Fits));

    /// <summary>The state behind the opening brace.</summary>
    public static GrammarState? Begin(Frame parent, ObjectRule[] rules, int[][] links) => rules.Length == 0 ? null
        : new SignState(
            new ObjectFrame(parent, [.. rules.Select((r, i) => new ObjectThread(r, links[i]) { Missing = r.RequiredCount })]),
            SignPlace.FirstMember);

    /// <summary>Tokens with which the text can be ended from between two members.</summary>
    public int Needed(EndCosts costs, bool isFirst) => _threads.Min(t =>
        EndCosts.Sum(costs.Members(t, isFirst), Parent!.NeededBehind(t.Links, costs)));

    /// <summary>Tokens with which the text can be ended from within a name.</summary>
    /// <param name="matchers">Where the name stands for each thread; null = it is none.</param>
    /// <param name="costs">The costs.</param>
    /// <param name="isQuoted">Whether the name's opening quote is there already.</param>
    /// <param name="signs">Rest of the escape in front, which is not written yet.</param>
    public int NeededIn(TextMatcher?[] matchers, EndCosts costs, bool isQuoted, byte[] signs)
    {
        int least = EndCosts.Far;
        for (int i = 0; i < _threads.Length; i++)
        {
            if (matchers[i] is NameMatcher name)
            {
                int own = name.Needed(_threads[i], costs, isQuoted, signs);
                least = own < least ? Math.Min(least, EndCosts.Sum(own, Parent!.NeededBehind(_threads[i].Links, costs))) : least;
            }
        }

        return least;
    }

    /// <summary>The state behind the closing brace, or null.</summary>
    public GrammarState? Close()
    {
        int[] links = Union(_threads.Where(t => t.CanClose).Select(t => t.Links));
        return links.Length == 0 ? null : Parent!.ChildEnded(links);
    }

    /// <summary>The state behind the opening quote of a name, or null.</summary>
    public NameState? Name()
    {
        TextMatcher?[] matchers = [.. _threads.Select(t => t.CanAdd(Fits) ? Language.Matchers.Of(t.Begin(Fits)) : null)];
        return Language.Matchers.StateOf(matchers, isEnd: false) is { } inside ? new NameState(inside, this) : null;
    }

    /// <summary>The state behind the closing quote of a name, or null.</summary>
    /// <param name="matchers">Where the name ended for each thread; null = it may not.</param>
    public GrammarState? Named(TextMatcher?[] matchers)
    {
        ObjectThread[] next =
            [.. _threads.SelectMany((t, i) => matchers[i] is NameMatcher name ? t.Named(name, Language.Shapes, Fits) : [])];
        return next.Length == 0 ? null : new SignState(new ObjectFrame(Parent!, next), SignPlace.Colon);
    }

    private bool Fits(Condition condition) => Language.Fits(this, condition);

    /// <summary>The state before the value of the member that was named.</summary>
    public ValueState? Value() =>
        ValueState.Of(Language, this, _threads.Select((t, i) => (t.Rule.ValueOf(t.Name, t.Signature, t.Choice), i)));

    /// <inheritdoc/>
    public override JsonState? ChildEnded(int[] threads)
    {
        ObjectThread[] next = [.. threads.Select(i => _threads[i].Ended()).Where(t => t.CanClose || t.CanAdd(Fits))
            .GroupBy(t => (t.Rule, t.Seen, t.Count, t.Present)).Select(g => g.First() with { Links = Union(g.Select(t => t.Links)) })];
        return next.Length == 0 ? null : new SignState(new ObjectFrame(Parent!, next), SignPlace.NextMember);
    }
}
