using LayerStream.Actors;

namespace LayerStream.Session;

/// <summary>Says that results are not the model's own.</summary>
public static class LossyText
{
    /// <summary>The options in force, for a line of figures; empty without any.</summary>
    public static string Of(EnginePlan plan) => plan.Lossy.Count == 0 ? "" : "LOSSY: " + string.Join(", ", plan.Lossy);
}
