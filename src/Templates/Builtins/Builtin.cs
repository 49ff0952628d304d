using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>What a builtin sees: the value it is applied to and its arguments in the order of the signature.</summary>
internal readonly struct Call(RenderState state, Value self, Value?[] values, Arguments raw)
{
    public RenderState State => state;

    public Value Self => self;

    public Arguments Raw => raw;

    /// <summary>Number of parameters.</summary>
    public int Count => values.Length;

    /// <summary>Argument by position; null when not given.</summary>
    public Value? this[int index] => values[index];

    /// <summary>The value itself as text, whatever its type.</summary>
    public string SelfText => ValueText.Str(state, self);

    /// <summary>As <see cref="SelfText"/>, with the account of what comes from the conversation.</summary>
    public TextValue SelfValue => ValueText.Of(state, self);

    /// <summary>An argument that must be a text.</summary>
    public string Text(int index) => values[index] is TextValue text
        ? text.Text
        : throw state.Error($"must be str, not {values[index]?.TypeName}");

    /// <summary>As <see cref="Text"/>, with the account of what comes from the conversation.</summary>
    public TextValue TextValue(int index) => values[index] as TextValue
        ?? throw state.Error($"must be str, not {values[index]?.TypeName}");

    /// <summary>An argument that must be a text, none or absent.</summary>
    public string? OptionalText(int index) => values[index] is null or NoneValue ? null : Text(index);

    public bool Flag(int index) => values[index]?.IsTrue ?? false;

    /// <summary>An integer argument, clamped to ±1e9.</summary>
    public int Integer(int index, int fallback)
    {
        if (values[index] is not { } value)
        {
            return fallback;
        }

        return Numbers.TryInteger(value, out var number)
            ? (int)System.Numerics.BigInteger.Min(System.Numerics.BigInteger.Max(number, -1_000_000_000), 1_000_000_000)
            : throw state.Error($"'{value.TypeName}' object cannot be interpreted as an integer");
    }
}

/// <summary>
/// A filter, test, function or method: a name, a signature ("sep max?": blank separated, optional ones with a question
/// mark; "*" takes anything) and a body.
/// </summary>
internal sealed class Builtin
{
    private readonly string[] _parameters;
    private readonly int _required;
    private readonly bool _takesAnything;
    private readonly Func<Call, Value> _body;

    public Builtin(string name, string signature, Func<Call, Value> body)
    {
        Name = name;
        _takesAnything = signature == "*";
        var parameters = _takesAnything ? [] : signature.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _required = parameters.Count(x => !x.EndsWith('?'));
        _parameters = Array.ConvertAll(parameters, x => x.TrimEnd('?'));
        _body = body;
    }

    public string Name { get; }

    public static Dictionary<string, Builtin> Table(params ReadOnlySpan<Builtin> rows)
    {
        var table = new Dictionary<string, Builtin>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            table.Add(row.Name, row);
        }

        return table;
    }

    public Value Invoke(RenderState state, Value self, Arguments arguments) =>
        _body(new Call(state, self, _takesAnything ? [] : Bind(state, arguments), arguments));

    private Value?[] Bind(RenderState state, Arguments arguments)
    {
        if (arguments.Positional.Count > _parameters.Length)
        {
            throw state.Error($"{Name}() takes at most {_parameters.Length} argument(s), {arguments.Positional.Count} given");
        }

        var values = new Value?[_parameters.Length];
        for (int i = 0; i < arguments.Positional.Count; i++)
        {
            values[i] = arguments.Positional[i];
        }

        foreach (var (name, value) in arguments.Named)
        {
            int index = Array.IndexOf(_parameters, name);
            if (index < 0 || values[index] is not null)
            {
                throw state.Error($"{Name}() got an unexpected keyword argument '{name}'");
            }

            values[index] = value;
        }

        for (int i = 0; i < _required; i++)
        {
            if (values[i] is null)
            {
                throw state.Error($"{Name}() misses the argument '{_parameters[i]}'");
            }
        }

        return values;
    }
}
