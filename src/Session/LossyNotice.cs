using LayerStream.Actors;

namespace LayerStream.Session;

/// <summary>Says that results are not the model's own.</summary>
public static class LossyNotice
{
    /// <summary>One line, if a lossy option is in force; said however quiet the program is to be.</summary>
    public static void Write(EnginePlan plan, Action<string> line)
    {
        if (plan.Lossy.Count > 0)
        {
            line($"{Text(plan)}: results differ from the model's own.");
        }
    }

    /// <summary>The options in force, for a line of figures.</summary>
    public static string Text(EnginePlan plan) => plan.Lossy.Count == 0 ? "" : "LOSSY: " + string.Join(", ", plan.Lossy);
}
