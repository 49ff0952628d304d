using System.Text.Json;

namespace LayerStream.Host.Server.Chat;

/// <summary>Values of a refused member that ask for nothing: who writes out what is not wanted loses nothing by them.</summary>
internal sealed class NeutralValues
{
    private readonly JsonElement[] _values;

    /// <param name="values">The values, as JSON.</param>
    public NeutralValues(params string[] values) => _values = [.. values.Select(v => JsonElement.Parse(v))];

    /// <summary>False, an empty text, an empty list: of every member that does not say otherwise.</summary>
    public static NeutralValues Usual { get; } = new("false", "\"\"", "[]");

    /// <summary>The same beside others.</summary>
    /// <param name="values">The others, as JSON.</param>
    public static NeutralValues UsualAnd(params string[] values) => new([.. Usual._values.Select(v => v.GetRawText()), .. values]);

    /// <summary>Whether a value is one of them.</summary>
    public bool Have(JsonElement value) => Array.Exists(_values, v => JsonElement.DeepEquals(v, value));

    /// <summary>What the documentation says of those that are not usual; empty = nothing.</summary>
    public string Note => string.Concat(_values.Where(v => !Usual.Have(v)).Select(v => $"; `{v.GetRawText()}` asks for nothing"));
}
