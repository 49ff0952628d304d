using System.Globalization;
using System.Text.Json;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>
/// The variables a template is rendered with: messages, tools, add_generation_prompt, bos_token, eos_token and any others.
/// Rendering works on a copy, so one instance may be rendered many times.
/// </summary>
public sealed class TemplateVariables
{
    private static readonly string[] s_tokens = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token",
        "mask_token"];

    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    /// <summary>The time <c>strftime_now</c> sees; null for the local clock.</summary>
    public DateTime? Now { get; set; }

    internal IReadOnlyDictionary<string, Value> Values => _values;

    /// <summary>True for the variables that hold texts of the model's own tokens, not of the conversation.</summary>
    internal static bool IsToken(string name) => s_tokens.Contains(name);

    /// <summary>
    /// Every member of a JSON object becomes a variable; "now" (ISO text) sets the clock instead.
    /// Errors: <see cref="TemplateException"/> when the root is no object, "now" is no date, or input is nested too deeply.
    /// </summary>
    public static TemplateVariables FromJson(JsonElement root)
    {
        if (JsonValues.FromElement(root) is not DictValue members)
        {
            throw new TemplateException("template variables must be a JSON object");
        }

        var variables = new TemplateVariables();
        foreach (var (key, value) in members.Items)
        {
            string name = ((TextValue)key).Text;
            if (name != "now")
            {
                variables._values[name] = value;
            }
            else if (value is TextValue text && DateTime.TryParse(text.Text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind,
                out var now))
            {
                variables.Now = now;
            }
            else if (value is not NoneValue)
            {
                throw new TemplateException("'now' must be an ISO date and time");
            }
        }

        return variables;
    }

    /// <summary>
    /// Sets a variable from null, bool, a number, string, <see cref="JsonElement"/>, dictionaries with text keys, or
    /// sequences of these. Errors: <see cref="ArgumentException"/> for any other type.
    /// </summary>
    public void Set(string name, object? value) => _values[name] = JsonValues.FromObject(value);

    internal void Remove(string name) => _values.Remove(name);

    /// <summary>True when the variable was set.</summary>
    public bool Contains(string name) => _values.ContainsKey(name);

    /// <summary>An independent copy.</summary>
    public TemplateVariables Copy()
    {
        var copy = new TemplateVariables { Now = Now };
        foreach (var (name, value) in _values)
        {
            copy._values[name] = JsonValues.Copy(value);
        }

        return copy;
    }
}
