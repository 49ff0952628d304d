using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Members of a request that say whether the model thinks, and how much: every maker's way.</summary>
internal static class ThoughtParameters
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        ChatParameters.Does("reasoning_effort", "none = no thought: by the template's switch, else it is closed at once; others are handed "
            + "to the template", (r, v, n) => r.ReasoningEffort = JsonFields.Text(v, n)),
        ChatParameters.Does("reasoning_budget", "tokens that the thought may have, then it is closed and the answer begins; −1 = any",
            (r, v, n) => r.ThoughtTokens = Tokens(v, n)),
        ChatParameters.Does("thinking_budget", "as `reasoning_budget`", (r, v, n) => r.ThoughtTokens = Tokens(v, n)),
        ChatParameters.Does("enable_thinking", "false = as the effort none", (r, v, n) => r.Thinks = JsonFields.Flag(v, n)),
        ChatParameters.Does("think", "as `enable_thinking`, or how much as `reasoning_effort`", Think),
        ChatParameters.Does("thinking", "as `enable_thinking`, or an object: `type` enabled, adaptive or disabled, `budget_tokens` as "
            + "`reasoning_budget`", Thinking),
        ChatParameters.Does("reasoning", "an object: `effort`, `enabled`, `max_tokens` as `reasoning_budget`", Reasoning),
    ];

    private static int? Tokens(JsonElement value, string name) =>
        JsonFields.Integer(value, name, -1, int.MaxValue) is >= 0 and var tokens ? (int)tokens : null;

    private static void Think(ChatRequest request, JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            request.ReasoningEffort = JsonFields.Text(value, name);
        }
        else
        {
            request.Thinks = JsonFields.Flag(value, name);
        }
    }

    private static void Thinking(ChatRequest request, JsonElement value, string name)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            request.Thinks = JsonFields.Flag(value, name);
            return;
        }

        JsonParts.RequireObject(value, name);
        request.Thinks = JsonParts.RequireText(value, "type", name) switch
        {
            "enabled" or "adaptive" or "auto" => true,
            "disabled" => false,
            _ => throw ApiException.Invalid(name, $"'{name}.type' must be enabled, adaptive or disabled", "invalid_value"),
        };
        if (request.Thinks == true && JsonParts.Find(value, "budget_tokens") is { } budget)
        {
            request.ThoughtTokens = Tokens(budget, name + ".budget_tokens");
        }
    }

    private static void Reasoning(ChatRequest request, JsonElement value, string name)
    {
        JsonParts.RequireObject(value, name);
        foreach (JsonProperty member in value.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
        {
            string inner = ParameterValues.NameOf(member), place = name + "." + inner;
            switch (inner)
            {
                case "effort":
                    request.ReasoningEffort = JsonFields.Text(member.Value, place);
                    break;
                case "enabled":
                    request.Thinks = JsonFields.Flag(member.Value, place);
                    break;
                case "max_tokens":
                    request.ThoughtTokens = Tokens(member.Value, place);
                    break;
                case "summary" or "generate_summary":
                case not null when NeutralValues.Usual.Have(member.Value):
                    break;
                default:
                    throw ApiException.Unsupported(place);
            }
        }
    }
}
