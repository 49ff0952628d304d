using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Evaluated arguments of a call.</summary>
internal sealed class Arguments(List<Value> positional, Dictionary<string, Value>? named = null)
{
    private static readonly Dictionary<string, Value> s_nothing = [];

    public static readonly Arguments None = new([]);

    public List<Value> Positional => positional;

    public Dictionary<string, Value> Named => named ?? s_nothing;

    /// <summary>The arguments without the first <paramref name="count"/> positional ones.</summary>
    public Arguments Skip(int count) => new([.. positional.Skip(count)], named);
}
