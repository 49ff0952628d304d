namespace LayerStream.Session.Catalogue;

/// <summary>A model that a daemon may load.</summary>
/// <param name="Id">Its name in the API, which no other has.</param>
/// <param name="Entry">Its files.</param>
/// <param name="Options">How it is loaded.</param>
/// <param name="Preset">The preset that names it; null = the file does.</param>
public sealed record ServableModel(string Id, CatalogueEntry Entry, ModelOptions Options, ModelPreset? Preset)
{
    /// <summary>Other names of it.</summary>
    public IReadOnlyList<string> Aliases => Preset is not null ? []
        : [.. Entry.Aliases.Append(Entry.Name).Where(a => !a.Equals(Id, StringComparison.OrdinalIgnoreCase))];

    /// <summary>Whether it is the same one, found at another time.</summary>
    public bool Is(ServableModel? other) => other is not null && Id.Equals(other.Id, StringComparison.OrdinalIgnoreCase);
}
