using LayerStream.Sampling.Grammars.Json.Schemas;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Where a member's name stands: among the names of a rule that begin so, and in the automaton of other names.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Blocked">Names that may not be used. Not in it are those from which other names can be made: who takes the name checks
/// it.</param>
/// <param name="AllowsOther">Whether other names may be used.</param>
/// <param name="Low">First of the names that begin so.</param>
/// <param name="High">Behind the last of them.</param>
/// <param name="Depth">Bytes so far; 0 when no name begins so.</param>
/// <param name="State">State of <see cref="ObjectRule.Others"/>.</param>
internal readonly record struct NamePlace(ObjectRule Rule, NameSet Blocked, bool AllowsOther, int Low, int High, int Depth, int State);

/// <summary>A member's name.</summary>
internal sealed class NameMatcher(TextMatchers table, NamePlace place) : TextMatcher
{
    /// <summary>Number of the name that has been written, or −1.</summary>
    public int Name => place.Low < place.High && place.Rule.Names[place.Low].Length == place.Depth ? place.Low : -1;

    /// <summary>Patterns that the name matches.</summary>
    public ulong Signature => place.Rule.Others.Signature(place.State);

    /// <inheritdoc/>
    public override bool CanEnd => Name is >= 0 and int name
        ? CanBe(name) : place.AllowsOther && place.Rule.AllowsOtherAt(place.State);

    /// <inheritdoc/>
    public override bool IsFree(int bytes) =>
        place.Low == place.High && place.AllowsOther && !place.Rule.HasPatterns && place.State == place.Rule.Others.Start;

    /// <inheritdoc/>
    public override TextMatcher? Next(byte value)
    {
        int state = place.Rule.Others.Next(place.State, value);
        if (state < 0)
        {
            return null;
        }

        int low = place.Low, high = place.High;
        byte[][] names = place.Rule.Names;
        while (low < high && (names[low].Length <= place.Depth || names[low][place.Depth] < value))
        {
            low++;
        }

        while (low < high && names[high - 1][place.Depth] > value)
        {
            high--;
        }

        NamePlace next = low < high
            ? place with { Low = low, High = high, Depth = place.Depth + 1, State = state }
            : place with { Low = 0, High = 0, Depth = 0, State = state, Blocked = NameSet.Empty };
        return (place.AllowsOther && place.Rule.AllowsOtherFrom(state)) || Enumerable.Range(low, high - low).Any(CanBe)
            ? table.Of(next)
            : null;
    }

    /// <summary>Tokens that end the name, its value, and then the object.</summary>
    /// <param name="thread">The object, without this member.</param>
    /// <param name="costs">The costs.</param>
    /// <param name="isQuoted">Whether the name's opening quote is there already.</param>
    /// <param name="signs">Rest of the escape in front, which is not written yet.</param>
    public int Needed(ObjectThread thread, EndCosts costs, bool isQuoted, byte[] signs)
    {
        ObjectRule rule = place.Rule;
        int whole = costs.Members(thread, isFirst: false), least = EndCosts.Far;
        for (int name = place.Low; name < place.High; name++)
        {
            if (!CanBe(name) || thread.Seen.Has(name))
            {
                continue;
            }

            bool isSimple = rule.Presences.Length == 0 && !rule.Counts;
            foreach (int choice in isSimple ? [0] : rule.Choices(name, 0))
            {
                int own = EndCosts.Sum(
                    costs.Name(rule, name, isQuoted ? place.Depth : -1, signs), costs.Of(rule.ValueOf(name, 0, choice)));
                int rest = isSimple && whole < EndCosts.Far ? whole - (rule.IsRequired[name] ? costs.Member(rule, name, 0) : 0)
                    : costs.Members((thread with { Name = name, Choice = choice }).Ended(), isFirst: false);
                least = Math.Min(least, EndCosts.Sum(own, rest));
            }
        }

        if (place.AllowsOther)
        {
            ObjectThread behind = rule.Presences.Length == 0 && !rule.Counts ? thread : thread.Ended();
            int own = EndCosts.Sum(costs.Other(rule, place.State, 0), isQuoted ? signs.Length : 1);
            least = Math.Min(least, EndCosts.Sum(own, costs.Members(behind, isFirst: false)));
        }

        return least;
    }

    private bool CanBe(int name) => place.Rule.IsAllowed[name] && !place.Blocked.Has(name);
}
