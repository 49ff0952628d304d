namespace LayerStream.Session.Reports;

/// <summary>Every option with the value in force.</summary>
/// <param name="File">The configuration file; null = there is none.</param>
/// <param name="Settings">The options.</param>
/// <param name="Presets">Models under names of their own; null = there are none.</param>
public sealed record SettingsReport(
    string? File, IReadOnlyList<SettingValueReport> Settings, IReadOnlyList<PresetReport>? Presets = null);

/// <summary>A model under a name of its own.</summary>
/// <param name="Name">The name.</param>
/// <param name="Model">The model.</param>
/// <param name="Settings">Option and value.</param>
public sealed record PresetReport(string Name, string Model, IReadOnlyDictionary<string, string> Settings);

/// <summary>An option with the value in force and where it comes from.</summary>
/// <param name="Name">The option, without dashes.</param>
/// <param name="Value">Its value; null = none is set, or there are several.</param>
/// <param name="Values">Its values, where there are several.</param>
/// <param name="Origin">default, environment, file or command line.</param>
/// <param name="Place">The variable or the file.</param>
/// <param name="Default">What happens by default, in words.</param>
/// <param name="Verbs">Verbs that take it; null = all.</param>
public sealed record SettingValueReport(
    string Name, string? Value, IReadOnlyList<string>? Values, string Origin, string? Place, string? Default,
    IReadOnlyList<string>? Verbs);
