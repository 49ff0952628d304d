namespace LayerStream.Session.Catalogue;

/// <summary>A model under a name of its own, with settings of its own.</summary>
/// <param name="Name">The name that requests ask for.</param>
/// <param name="Model">The model as <c>--model</c> takes it: a path, or a name of the catalogue.</param>
/// <param name="Options">Its options in full; the path in them is empty.</param>
/// <param name="Settings">What the file says, for people: option and value.</param>
public sealed record ModelPreset(
    string Name, string Model, ModelOptions Options, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    /// <summary>Share of the daemon's budget; 0 = all of it, or <see cref="ModelOptions.BudgetBytes"/>.</summary>
    public double BudgetShare { get; init; }
}
