using System.Text.Json;
using LayerStream.Sampling.Grammars;

namespace LayerStream.Session.Calls;

/// <summary>A tool that may be called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">JSON Schema of its arguments; undefined = not said.</param>
/// <param name="IsStrict">Whether arguments must meet the schema even where no call is demanded.</param>
public sealed record CallableTool(string Name, JsonElement Parameters, bool IsStrict);

/// <summary>What a request says of calls.</summary>
/// <param name="Tools">The tools.</param>
/// <param name="IsDemanded">Whether the answer is a call in any case; then all arguments meet their schemas.</param>
/// <param name="AllowsSeveral">Whether there may be more calls than one.</param>
/// <param name="Otherwise">What an answer must be that is no call; null = any text. Without effect where a call is demanded.</param>
public sealed record CallRules(IReadOnlyList<CallableTool> Tools, bool IsDemanded, bool AllowsSeveral, Grammar? Otherwise)
{
    /// <summary>Tools whose schema cannot be held to: their arguments are of the right form only.</summary>
    public ISet<string> Loose { get; } = new HashSet<string>(StringComparer.Ordinal);
}
