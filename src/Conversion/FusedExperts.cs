using LayerStream.Formats;

namespace LayerStream.Conversion;

/// <summary>
/// Gate and up matrices of a layer's experts as one tensor, each expert's rows of gate and of up together: one read brings both. GGUF
/// calls it <c>ffn_gate_up_exps</c>, of shape [columns, 2 · rows, experts].
/// </summary>
internal static class FusedExperts
{
    private const string Gate = ".ffn_gate_exps.", Up = ".ffn_up_exps.", Fused = ".ffn_gate_up_exps.", Weight = "weight";

    /// <summary>The name of the tensor that a gate matrix and its up matrix become.</summary>
    internal static string NameOf(string gate) => gate.Replace(Gate, Fused, StringComparison.Ordinal);

    /// <summary>Joins every pair that can be one tensor, in the place of its gate matrix.</summary>
    /// <param name="choices">One for each tensor of the model.</param>
    /// <param name="apart">Names of gate matrices whose up matrix has another type or shape, or beside which, or beside whose up matrix,
    /// stands a bias, a factor or a tensor that is fused already.</param>
    internal static TensorChoice[] Join(IReadOnlyList<TensorChoice> choices, out IReadOnlyList<string> apart)
    {
        Dictionary<string, TensorChoice> byName = choices.ToDictionary(c => c.Source.Name);
        HashSet<string> accompanied = [.. byName.Keys.Where(n => !n.EndsWith("." + Weight, StringComparison.Ordinal)).Select(LayerOf)];
        HashSet<TensorInfo> joined = [];
        List<TensorChoice> result = [];
        List<string> left = [];
        foreach (TensorChoice choice in choices)
        {
            string name = choice.Source.Name;
            TensorChoice? up = name.EndsWith(Gate + Weight, StringComparison.Ordinal)
                ? byName.GetValueOrDefault(name.Replace(Gate, Up, StringComparison.Ordinal)) : null;
            if (up is not null && IsPair(choice, up) && !accompanied.Contains(LayerOf(name)) && !byName.ContainsKey(NameOf(name)))
            {
                joined.Add(up.Source);
                result.Add(choice with { Up = up.Source });
                continue;
            }

            result.Add(choice);
            if (up is not null)
            {
                left.Add(name);
            }
        }

        apart = left;
        return [.. result.Where(c => !joined.Contains(c.Source))];
    }

    private static bool IsPair(TensorChoice gate, TensorChoice up) =>
        gate.Source.Shape.Count == 3 && gate.Source.Shape.SequenceEqual(up.Source.Shape) && gate.Source.Type == up.Source.Type
        && gate.Type == up.Type;

    /// <summary>What stands before <c>.ffn_gate_exps.</c> or <c>.ffn_up_exps.</c>; the whole name of anything else.</summary>
    private static string LayerOf(string name)
    {
        int at = Math.Max(name.IndexOf(Gate, StringComparison.Ordinal), name.IndexOf(Up, StringComparison.Ordinal));
        return at < 0 ? name : name[..at];
    }
}
