using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Arrays that meet all of some constraints.</summary>
internal sealed class ArrayRule
{
    private const int MostContainments = 4;
    private const int CountBits = 15;

    private readonly ArrayConstraint[] _constraints;
    private readonly ConditionTable _table;

    /// <summary>Works out what holds together.</summary>
    public ArrayRule(ArrayConstraint[] constraints, ShapeTable shapes)
    {
        _constraints = constraints;
        _table = shapes.Conditions;
        Containments = [.. constraints.Select(c => c.Containment).OfType<Containment>()];
        if (Containments.Length > MostContainments)
        {
            throw GrammarException.Limit("contains", $"An array has more than {MostContainments} conditions on some of its elements.");
        }

        if (Array.Exists(Containments, c => Math.Max(c.Least, c.Most ?? 0) >= 1 << CountBits))
        {
            throw GrammarException.Limit("contains", $"A count of elements that meet a condition is beyond {(1 << CountBits) - 1}.");
        }

        Least = constraints.Length == 0 ? 0 : constraints.Max(c => c.Least);
        Most = constraints.Min(c => c.Most) ?? int.MaxValue;
        int listed = constraints.Length == 0 ? 0 : constraints.Max(c => c.Cap);
        Cap = Math.Max(listed, Containments.Length == 0 ? 0 : Containments.Max(c => c.From));
        for (int i = 0; i <= Cap && i < Most; i++)
        {
            if (!shapes.IsSatisfiable(ItemAt(i, 0)))
            {
                Most = i;
            }
        }

        IsUnique = Array.Exists(constraints, c => c.IsUnique);
        if (IsUnique && Least > 1)
        {
            Most = Math.Min(Most, Different(shapes));
        }

        IsPossible = Least <= Most && Array.TrueForAll(Containments, c => c.Least == 0 || CanContain(c, shapes));
        CountCap = Math.Max(Cap, Math.Max(Least, Most == int.MaxValue ? 0 : Most));
    }

    /// <summary>What some of the elements must meet.</summary>
    public Containment[] Containments { get; }

    /// <summary>Least number of elements.</summary>
    public int Least { get; }

    /// <summary>Largest number of elements.</summary>
    public int Most { get; }

    /// <summary>From this place on all elements meet the same.</summary>
    public int Cap { get; }

    /// <summary>From this number on it does not matter how many there were.</summary>
    public int CountCap { get; }

    /// <summary>Whether no two elements may be equal.</summary>
    public bool IsUnique { get; }

    /// <summary>Whether there is such an array.</summary>
    public bool IsPossible { get; }

    /// <summary>What the element at a place meets.</summary>
    /// <param name="index">The place.</param>
    /// <param name="choice">A bit for every containment that this element is chosen for.</param>
    public Condition ItemAt(int index, int choice)
    {
        List<Condition> parts = [.. _constraints.Select(c => c.At(index)).OfType<Condition>()];
        for (int i = 0; i < Containments.Length; i++)
        {
            if ((choice & (1 << i)) != 0)
            {
                parts.Add(Containments[i].Holds);
            }
            else if (Containments[i].Most is not null && index >= Containments[i].From)
            {
                parts.Add(Containments[i].Fails);
            }
        }

        return _table.All(parts);
    }

    /// <summary>The choices there are for the element at a place.</summary>
    public IEnumerable<int> Choices(int index) => Enumerable.Range(0, 1 << Containments.Length)
        .Where(choice => Enumerable.Range(0, Containments.Length).All(i => (choice & (1 << i)) == 0 || index >= Containments[i].From));

    /// <summary>How often a containment was chosen.</summary>
    public static int CountOf(long counts, int containment) => (int)(counts >> (CountBits * containment)) & ((1 << CountBits) - 1);

    /// <summary>The counts with a choice, each up to where it matters; null = one is beyond its largest.</summary>
    public long? Add(long counts, int choice)
    {
        for (int i = 0; i < Containments.Length; i++)
        {
            int count = CountOf(counts, i);
            if ((choice & (1 << i)) == 0)
            {
                continue;
            }

            if (count >= Containments[i].Most)
            {
                return null;
            }

            if (count < Math.Max(Containments[i].Least, Containments[i].Most ?? 0))
            {
                counts += 1L << (CountBits * i);
            }
        }

        return counts;
    }

    // How many different elements there can be, so that there are enough of them.
    private int Different(ShapeTable shapes)
    {
        if (Least > GrammarLimits.DifferentElements)
        {
            throw GrammarException.Limit("uniqueItems", $"More than {GrammarLimits.DifferentElements} elements that differ are too many.");
        }

        if (Cap > 0 || Containments.Length > 0)
        {
            throw GrammarException.Unsupported("uniqueItems", "The keyword 'uniqueItems' beside a least number of elements, of which some "
                + "are listed or chosen, is not supported.");
        }

        long count = 0;
        Shape[]? items = shapes.Find(ItemAt(0, 0));
        if (items is null || Array.Exists(items, s => (s.Types & (JsonTypes.Array | JsonTypes.Object)) != 0))
        {
            throw GrammarException.Unsupported("uniqueItems", "The keyword 'uniqueItems' beside a least number of elements that may be "
                + "arrays or objects is not supported.");
        }

        foreach (Shape shape in items)
        {
            count += (shape.Types & JsonTypes.Number) != 0 ? shape.Number!.CountUpTo(Least) : 0;
            count += (shape.Types & JsonTypes.Text) != 0 ? shape.Text!.CountUpTo(Least) : 0;
            count += int.PopCount((int)(shape.Types & (JsonTypes.Null | JsonTypes.True | JsonTypes.False)));
        }

        return count >= Least ? int.MaxValue : (int)count;
    }

    private bool CanContain(Containment containment, ShapeTable shapes)
    {
        for (int i = containment.From; i <= Cap && i < Most; i++)
        {
            if (MeetsAlone(containment, i, shapes))
            {
                return true;
            }
        }

        return false;
    }

    private bool MeetsAlone(Containment containment, int index, ShapeTable shapes) => shapes.IsSatisfiable(
        _table.All(_constraints.Select(c => c.At(index)).OfType<Condition>().Append(containment.Holds)));
}
