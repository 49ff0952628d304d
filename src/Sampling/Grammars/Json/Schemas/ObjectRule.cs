using System.Text;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Objects that meet all of some constraints. Members have numbers where the constraints name them.</summary>
internal sealed class ObjectRule
{
    private const int MostPatterns = 60;
    private const int MostPresences = 4;

    private readonly ObjectConstraint[] _constraints;
    private readonly ShapeTable _shapes;
    private readonly Dfa[] _patterns;
    private readonly bool[] _otherFrom;
    private readonly Dictionary<(int Name, ulong Signature, int Choice), Condition> _values = [];

    /// <summary>Works out what holds together.</summary>
    public ObjectRule(int id, ObjectConstraint[] constraints, ShapeTable shapes)
    {
        Id = id;
        _constraints = constraints;
        _shapes = shapes;
        Texts = [.. constraints.SelectMany(c => c.Names.Keys.Concat(c.Required)).Distinct(StringComparer.Ordinal)];
        Names = [.. Texts.Select(Encoding.UTF8.GetBytes)];
        Array.Sort(Names, Texts, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        HashSet<string> required = new(constraints.SelectMany(c => c.Required), StringComparer.Ordinal);
        IsRequired = [.. Texts.Select(required.Contains)];
        Presences = [.. constraints.Select(c => c.Presence).OfType<Presence>()];
        _patterns = [.. constraints.SelectMany(c => c.Patterns.Select(p => p.Names)).Concat(Presences.Select(p => p.Names)).Distinct()];
        if (_patterns.Length > MostPatterns || Presences.Length > MostPresences)
        {
            throw GrammarException.Limit("patternProperties", $"An object has more than {MostPatterns} patterns of names.");
        }

        Others = Dfa.Sorted(_patterns);
        Signatures = [.. Enumerable.Range(0, Others.Count).Where(Others.Accepts).Select(Others.Signature).Distinct()];
        Least = constraints.Length == 0 ? 0 : constraints.Max(c => c.Least);
        Most = constraints.Min(c => c.Most) ?? int.MaxValue;
        _otherFrom = ReachesOther();
        LeadsToOther = [.. Names.Select(n => _otherFrom[StateOf(n)])];
        IsAllowed = [.. Enumerable.Range(0, Names.Length).Select(i => shapes.IsSatisfiable(ValueOf(i, 0, 0)))];
        RequiredCount = IsRequired.Count(r => r);
        IsPossible = Enumerable.Range(0, Names.Length).All(i => !IsRequired[i] || IsAllowed[i]) && RequiredCount <= Most && Least <= Most
            && (AllowsOther || Least <= IsAllowed.Count(a => a)) && Array.TrueForAll(Presences, CanBePresent);
    }

    /// <summary>Number of the rule.</summary>
    public int Id { get; }

    /// <summary>The names, sorted by bytes.</summary>
    public byte[][] Names { get; }

    /// <summary>The names as texts.</summary>
    public string[] Texts { get; }

    /// <summary>Which names must be there.</summary>
    public bool[] IsRequired { get; }

    /// <summary>Which may be there.</summary>
    public bool[] IsAllowed { get; }

    /// <summary>From which of the names a longer one may be made that no constraint names.</summary>
    public bool[] LeadsToOther { get; }

    /// <summary>How many must be there.</summary>
    public int RequiredCount { get; }

    /// <summary>Members that must be there under some name.</summary>
    public Presence[] Presences { get; }

    /// <summary>All texts, with signatures of the patterns they match.</summary>
    public Dfa Others { get; }

    /// <summary>Whether patterns tell such names apart.</summary>
    public bool HasPatterns => _patterns.Length > 0;

    /// <summary>Signatures of the names that no constraint names.</summary>
    public ulong[] Signatures { get; }

    /// <summary>Least number of members.</summary>
    public int Least { get; }

    /// <summary>Largest number of members.</summary>
    public int Most { get; }

    /// <summary>Whether there is such an object.</summary>
    public bool IsPossible { get; }

    /// <summary>Whether names may be used that no constraint names.</summary>
    public bool AllowsOther => _otherFrom[Others.Start];

    /// <summary>Whether the count of members matters.</summary>
    public bool Counts => Least > 0 || Most != int.MaxValue;

    /// <summary>Whether some continuation of a name that led to this state of <see cref="Others"/> may be used.</summary>
    public bool AllowsOtherFrom(int state) => _otherFrom[state];

    /// <summary>Whether a name that ends in this state of <see cref="Others"/> may be used.</summary>
    public bool AllowsOtherAt(int state) =>
        Others.Accepts(state) && AllowsOtherWith(Others.Signature(state));

    /// <summary>Whether a name that no constraint names and that matches these patterns may be used.</summary>
    public bool AllowsOtherWith(ulong signature) => _shapes.IsSatisfiable(ValueOf(-1, signature, 0));

    /// <summary>What a member's value meets.</summary>
    /// <param name="name">Number of the name, or −1.</param>
    /// <param name="signature">Where there is no number: the patterns the name matches.</param>
    /// <param name="choice">A bit for every presence the member is chosen for.</param>
    public Condition ValueOf(int name, ulong signature, int choice)
    {
        if (_values.TryGetValue((name, signature, choice), out Condition? known))
        {
            return known;
        }

        ulong matched = name < 0 ? signature : SignatureOf(Names[name]);
        List<Condition> parts = [];
        foreach (ObjectConstraint constraint in _constraints)
        {
            int before = parts.Count;
            if (name >= 0 && constraint.Names.TryGetValue(Texts[name], out Condition? named))
            {
                parts.Add(named);
            }

            parts.AddRange(constraint.Patterns.Where(p => Matches(matched, p.Names)).Select(p => p.Value));
            if (parts.Count == before)
            {
                parts.Add(constraint.Rest);
            }
        }

        parts.AddRange(Presences.Where((_, i) => (choice & (1 << i)) != 0).Select(p => p.Holds));
        return _values[(name, signature, choice)] = _shapes.Conditions.All(parts);
    }

    /// <summary>The choices there are for a member: none, or one of the presences that its name is in question for.</summary>
    public IEnumerable<int> Choices(int name, ulong signature)
    {
        ulong matched = name < 0 ? signature : SignatureOf(Names[name]);
        return Enumerable.Range(0, 1 << Presences.Length)
            .Where(choice => !Presences.Where((p, i) => (choice & (1 << i)) != 0 && !Matches(matched, p.Names)).Any());
    }

    private bool Matches(ulong signature, Dfa pattern) => (signature & (1UL << Array.IndexOf(_patterns, pattern))) != 0;

    private ulong SignatureOf(byte[] name) => Others.Signature(StateOf(name));

    private int StateOf(byte[] name)
    {
        int state = Others.Start;
        foreach (byte b in name)
        {
            state = Others.Next(state, b);
        }

        return state;
    }

    private bool CanBePresent(Presence presence)
    {
        int number = 1 << Array.IndexOf(Presences, presence);
        return Enumerable.Range(0, Names.Length)
                .Any(i => Choices(i, 0).Contains(number) && _shapes.IsSatisfiable(ValueOf(i, 0, number)))
            || Array.Exists(Signatures, s => Choices(-1, s).Contains(number) && _shapes.IsSatisfiable(ValueOf(-1, s, number)));
    }

    private bool[] ReachesOther()
    {
        Dictionary<ulong, bool> known = Signatures.ToDictionary(s => s, AllowsOtherWith);
        bool[] reaches = [.. Enumerable.Range(0, Others.Count).Select(s => Others.Accepts(s) && known[Others.Signature(s)])];
        List<int>[] sources = [.. reaches.Select(_ => new List<int>())];
        for (int state = 0; state < reaches.Length; state++)
        {
            int last = -1;
            for (int b = 0; b < 256; b++)
            {
                int target = Others.Next(state, (byte)b);
                if (target >= 0 && target != last)
                {
                    sources[target].Add(state);
                }

                last = target;
            }
        }

        Stack<int> open = new(Enumerable.Range(0, reaches.Length).Where(s => reaches[s]));
        while (open.TryPop(out int state))
        {
            foreach (int source in sources[state].Where(s => !reaches[s]))
            {
                reaches[source] = true;
                open.Push(source);
            }
        }

        return reaches;
    }
}
