using System.CommandLine;
using System.Globalization;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>config show</c>: every option, its value, and whether default, environment, file or command line gave it.</summary>
public static class ConfigVerb
{
    private static readonly Option<bool> s_set = new("--set") { Description = "only what is set, without defaults" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command show = new("show", "Lists every option with its value and where that comes from.") { s_set };
        show.ShowExamples("layerstream config show", "layerstream config show --set --json");
        show.SetAction(parse => Show(parse));
        return new Command("config", "Tells which settings are in force.") { show };
    }

    private static int Show(ParseResult parse)
    {
        IReadOnlyList<EffectiveSetting> settings = [.. EffectiveSetting.All(parse).Where(s => s.Name != OptionNames.NameOf(s_set))];
        IReadOnlyList<ModelPreset> presets = settings.FirstOrDefault(s => s.Name == "presets")?.Values is [{ Length: > 0 } presetFile]
            ? PresetFile.Read(presetFile, parse) : [];
        if (parse.GetValue(s_set))
        {
            settings = [.. settings.Where(s => s.Origin != "default")];
        }

        string? file = SettingSource.PathOf(parse);
        if (CommonOptions.Json(parse))
        {
            SettingsReport report = new(file, [.. settings.Select(Report)], Report(presets));
            StandardOutput.WriteJson(report, ReportJson.Default.SettingsReport);
        }
        else
        {
            Console.Out.Write(Render(settings, file) + Render(presets));
        }

        return Failures.Success;
    }

    private static SettingValueReport Report(EffectiveSetting s) => new(
        s.Name, s.Values.Count == 1 ? s.Values[0] : null, s.Values.Count > 1 ? s.Values : null, s.Origin, s.Place, s.Fallback,
        s.Verbs.Count == 0 ? null : s.Verbs);

    private static PresetReport[]? Report(IReadOnlyList<ModelPreset> presets) => presets.Count == 0 ? null
        : [.. presets.Select(p => new PresetReport(p.Name, p.Model, p.Settings.ToDictionary()))];

    private static string Render(IReadOnlyList<ModelPreset> presets)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        foreach (ModelPreset preset in presets)
        {
            text.WriteLine();
            text.WriteLine($"preset {preset.Name}: {preset.Model}");
            foreach ((string name, string value) in preset.Settings)
            {
                text.WriteLine($"  {name}  {value}");
            }
        }

        return text.ToString();
    }

    private static string Render(IReadOnlyList<EffectiveSetting> settings, string? file)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine(file is null ? "There is no configuration file." : $"Configuration file: {Path.GetFullPath(file)}");
        int width = settings.Count == 0 ? 0 : settings.Max(s => s.Name.Length) + 2;
        foreach (IGrouping<string, EffectiveSetting> group in settings.GroupBy(s => string.Join(", ", s.Verbs)))
        {
            text.WriteLine();
            text.WriteLine(group.Key.Length == 0 ? "all verbs" : group.Key);
            foreach (EffectiveSetting s in group)
            {
                string value = s.Values.Count > 0 ? string.Join(", ", s.Values) : s.Fallback ?? "-";
                string origin = s.Place is null ? s.Origin : $"{s.Origin}: {s.Place}";
                text.WriteLine($"  {s.Name.PadRight(width)}{value}{(s.Origin == "default" ? "" : $"  ({origin})")}");
            }
        }

        return text.ToString();
    }
}
