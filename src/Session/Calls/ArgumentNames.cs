using System.Text.Json;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Grammars.Translated;

namespace LayerStream.Session.Calls;

/// <summary>Names of members where a model writes them without quotes.</summary>
internal static class ArgumentNames
{
    /// <summary>Looks at all names that a schema gives.</summary>
    /// <exception cref="GrammarException">One cannot be written.</exception>
    public static void Check(JsonElement schema)
    {
        Stack<JsonElement> open = new([schema]);
        while (open.TryPop(out JsonElement element))
        {
            foreach (JsonElement inner in Inner(element))
            {
                open.Push(inner);
            }

            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("properties", out JsonElement members)
                && members.ValueKind == JsonValueKind.Object)
            {
                string? wrong = members.EnumerateObject().Select(m => m.Name).FirstOrDefault(n => !ArgumentSyntax.CanName(n));
                _ = wrong is null ? 0 : throw new GrammarException(
                    GrammarFault.Unsupported, "properties", $"The name '{wrong}' cannot be written in the form of the model's calls.");
            }
        }
    }

    private static IEnumerable<JsonElement> Inner(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Select(m => m.Value),
        JsonValueKind.Array => element.EnumerateArray(),
        _ => [],
    };
}
