using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>One way to understand an array under way.</summary>
/// <param name="Rule">What it must meet.</param>
/// <param name="Links">Threads around it that it serves.</param>
/// <param name="Index">Elements so far, up to where it matters.</param>
/// <param name="Counts">Elements chosen for the rule's containments.</param>
/// <param name="Choice">What the element under way is chosen for.</param>
internal sealed record ArrayThread(ArrayRule Rule, int[] Links, int Index, long Counts, int Choice)
{
    /// <summary>Whether the array may end here.</summary>
    public bool CanClose => Index >= Rule.Least && Missing(0) == 0;

    /// <summary>Whether another element may come.</summary>
    public bool CanAdd => Index < Rule.Most;

    /// <summary>The threads with each choice for the next element.</summary>
    public IEnumerable<ArrayThread> Choices()
    {
        foreach (int choice in CanAdd ? Rule.Choices(Math.Min(Index, Rule.Cap)) : [])
        {
            if (Rule.Add(Counts, choice) is long counts && this with { Counts = counts } is var next
                && (Rule.Most == int.MaxValue || next.Missing(0) <= Rule.Most - Index - 1))
            {
                yield return this with { Choice = choice };
            }
        }
    }

    /// <summary>The thread behind the element.</summary>
    public ArrayThread Ended() => this with
    {
        Index = Rule.Most == int.MaxValue ? Math.Min(Index + 1, Rule.CountCap) : Index + 1,
        Counts = Rule.Add(Counts, Choice)!.Value,
        Choice = 0,
    };

    // Elements that the neediest containment still wants.
    private int Missing(int least)
    {
        for (int i = 0; i < Rule.Containments.Length; i++)
        {
            least = Math.Max(least, Rule.Containments[i].Least - ArrayRule.CountOf(Counts, i));
        }

        return least;
    }
}

/// <summary>An array under way.</summary>
internal sealed class ArrayFrame : Frame
{
    private readonly ArrayThread[] _threads;
    private readonly SeenValues _seen;

    private ArrayFrame(Frame parent, ArrayThread[] threads, SeenValues seen)
        : base(parent.Language, parent)
    {
        _threads = threads;
        _seen = seen;
    }

    /// <summary>The state behind the opening bracket.</summary>
    public static GrammarState? Begin(Frame parent, ArrayRule[] rules, int[][] links) => rules.Length == 0 ? null
        : new SignState(
            new ArrayFrame(parent, [.. rules.Select((r, i) => new ArrayThread(r, links[i], 0, 0, 0))], SeenValues.None),
            SignPlace.FirstElement);

    /// <summary>Tokens with which the text can be ended from between two elements.</summary>
    public int Needed(EndCosts costs, bool isFirst) => _threads.Min(t =>
        EndCosts.Sum(costs.Elements(t.Rule, t.Index, t.Counts, isFirst), Parent!.NeededBehind(t.Links, costs)));

    /// <summary>The state behind the closing bracket, or null.</summary>
    public GrammarState? Close()
    {
        int[] links = Union(_threads.Where(t => t.CanClose).Select(t => t.Links));
        return links.Length == 0 ? null : Parent!.ChildEnded(links);
    }

    /// <summary>The state before another element, or null.</summary>
    public JsonState? Element()
    {
        ArrayThread[] threads = [.. _threads.SelectMany(t => t.Choices()).Where(t => Language.Fits(this, ItemOf(t)))];
        bool differ = Array.Exists(threads, t => t.Rule.IsUnique);
        if (differ && _seen.Count > 0)
        {
            return Another([.. threads.Where(t => !t.Rule.IsUnique || Language.Checks || _seen.Count < GrammarLimits.DifferentElements)]);
        }

        ArrayFrame frame = new(Parent!, threads, _seen);
        ValueState? value = threads.Length == 0 ? null : ValueState.Of(Language, frame, threads.Select((t, i) => (ItemOf(t), i)));
        return value is not null && differ ? new ElementState(value, frame, null) : value;
    }

    /// <summary>The state behind an element that differs from the others; null when it does not.</summary>
    /// <param name="text">The element's text.</param>
    public SignState? Remember(byte[] text)
    {
        SeenValues? seen = _seen.With(text);
        ArrayThread[] threads = seen is not null ? _threads : [.. _threads.Where(t => !t.Rule.IsUnique)];
        return threads.Length == 0 ? null : new SignState(new ArrayFrame(Parent!, threads, seen ?? _seen), SignPlace.NextElement);
    }

    // An element that differs from those before. What that takes may be beyond what is supported: then there is none.
    private ElementState? Another(ArrayThread[] threads)
    {
        ArrayFrame frame = new(Parent!, threads, _seen);
        try
        {
            Condition different = _seen.Different(Language.Shapes.Conditions, Language.Checks);
            (Condition, int)[] items = [.. threads.Select((t, i) =>
                (t.Rule.IsUnique ? Language.Shapes.Conditions.All(ItemOf(t), different) : ItemOf(t), i))];
            foreach ((Condition item, _) in items)
            {
                Language.Learn(item);
            }

            return ValueState.Of(Language, frame, items) is { } value ? new ElementState(value, frame, null) : null;
        }
        catch (GrammarException e) when (e.Fault is GrammarFault.Limit or GrammarFault.Unsupported && !Language.Checks)
        {
            return null;
        }
    }

    private static Condition ItemOf(ArrayThread thread) => thread.Rule.ItemAt(Math.Min(thread.Index, thread.Rule.Cap), thread.Choice);

    /// <inheritdoc/>
    public override JsonState? ChildEnded(int[] threads)
    {
        ArrayThread[] next = [.. threads.Select(i => _threads[i].Ended()).Where(t => t.CanClose || t.CanAdd)
            .GroupBy(t => (t.Rule, t.Index, t.Counts)).Select(g => g.First() with { Links = Union(g.Select(t => t.Links)) })];
        return next.Length == 0 ? null : new SignState(new ArrayFrame(Parent!, next, _seen), SignPlace.NextElement);
    }
}
