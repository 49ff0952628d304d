using System.Globalization;
using LayerStream.Memory;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary>Models of a catalogue for people.</summary>
internal static class EntryText
{
    private const int Gap = 2; // columns of a table

    /// <summary>One line for each model that can run, then the others with their reasons.</summary>
    public static string List(IReadOnlyList<EntryReport> reports)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        EntryReport[] usable = [.. reports.Where(r => r is { Problem: null, Facts: not null })];
        if (usable.Length > 0)
        {
            string[][] rows =
            [
                ["NAME", "SIZE", "TYPE", "WEIGHTS", "CONTEXT", "ARCHITECTURE", "MEMORY"],
                .. usable.Select(r => new[]
                {
                    r.Entry.Name, ByteSize.Format(r.Entry.Bytes), r.Facts!.Type, ModelFacts.Rounded(r.Facts.Parameters), Context(r.Facts),
                    r.Facts.Architecture ?? "", Plan(r.Outlook),
                }),
            ];
            int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
            foreach (string[] row in rows)
            {
                text.WriteLine(string.Concat(row.Select((cell, i) => cell.PadRight(widths[i] + Gap))).TrimEnd());
            }
        }

        EntryReport[] others = [.. reports.Except(usable)];
        text.Write(usable.Length > 0 && others.Length > 0 ? Environment.NewLine : "");
        foreach (EntryReport r in others)
        {
            text.WriteLine($"cannot run: {r.Entry.Name} ({ByteSize.Format(r.Entry.Bytes)}): {r.Problem}");
        }

        return text.ToString();
    }

    /// <summary>Everything about one.</summary>
    public static string Describe(EntryReport r)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        void Line(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.WriteLine($"{name,-15}{value}");
            }
        }

        Line("name", r.Entry.Name);
        Line("also", string.Join(", ", r.Entry.Aliases));
        foreach (string file in r.Entry.Files)
        {
            Line(file == r.Entry.Path ? "file" : "", file);
        }

        Line("size", ByteSize.Format(r.Entry.Bytes));
        if (r.Facts is { } facts)
        {
            Line("title", facts.Title);
            Line("license", facts.License);
            Line("type", facts.Type);
            Line("weights", ModelFacts.Rounded(facts.Parameters));
            Line("context", Context(facts));
            Line("architecture", $"{facts.Architecture ?? "none"}{(facts.Gaps.Count == 0 ? "" : ", cannot run here")}");
            Line("chat template", facts.HasTemplate ? "yes" : "none");
        }

        Line("budget", r.Outlook is { } o ? $"{ByteSize.Format(o.BudgetBytes)}: {Plan(o)}" : null);
        Line("smallest", r.Outlook is { } least ? ByteSize.FormatOption(least.SmallestBudgetBytes) : null);
        Line("cannot run", r.Problem);
        return text.ToString();
    }

    private static string Context(ModelFacts facts) => facts.Context == 0 ? "" : facts.Context.ToString(CultureInfo.InvariantCulture);

    private static string Plan(EntryOutlook? outlook)
    {
        if (outlook is not { Fits: true })
        {
            return outlook is null ? "" : $"needs {ByteSize.Format(outlook.SmallestBudgetBytes)}";
        }

        string rate = outlook.TokensPerSecond is { } tokens ? string.Create(CultureInfo.InvariantCulture, $", {tokens:0.##} tok/s") : "";
        return (outlook.IsResident ? "stays in memory" : "streamed") + rate;
    }
}
