namespace LayerStream.Planning.Drafts;

/// <summary>The names of kinds of guesses in JSON and metrics.</summary>
public static class DraftKindNames
{
    private static readonly string[] s_names = ["prompt", "grammar", "model"];

    /// <summary>How many kinds there are.</summary>
    public static int Count => s_names.Length;

    /// <summary>For example <c>model</c>.</summary>
    public static string Name(this DraftKind kind) =>
        (int)kind < s_names.Length ? s_names[(int)kind] : throw new ArgumentOutOfRangeException(nameof(kind));
}
