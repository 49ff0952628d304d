using System.Globalization;
using System.Security;
using System.Text;
using LayerStream.Host.Measuring;

namespace LayerStream.Host.Verbs;

/// <summary>The measured settings as a picture: a bar for each, as long as its speed beside that of what was given, with three standard
/// errors.</summary>
internal static class TuneChart
{
    private const int Left = 190, Width = 760, Line = 26, Top = 48, Errors = 3;

    /// <summary>An SVG document that is read on light and dark pages.</summary>
    public static string Write(string title, IReadOnlyList<TuneRow> rows)
    {
        TuneRow[] shown = [.. rows.Where(r => r.Gap is null)];
        double most = Math.Max(1, shown.Select(r => r.Ratio + Reach(r)).DefaultIfEmpty(1).Max()), scale = (Width - Left - 90) / most;
        int height = Top + (shown.Length * Line) + 12;
        StringBuilder text = new();
        Add(text, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" role=\"img\" font-family=\"sans-serif\" ");
        Add(text, $"font-size=\"13\"><title>{Escape(title)}</title><rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        Add(text, $"<text x=\"12\" y=\"24\" font-size=\"15\" fill=\"#16191d\">{Escape(title)}</text>\n");
        for (int i = 0; i < shown.Length; i++)
        {
            Row(text, shown[i], Top + (i * Line), scale);
        }

        double one = Left + scale;
        Add(text, $"<path d=\"M{one:0.#} {Top - 6}V{height - 8}\" stroke=\"#c4352b\" stroke-dasharray=\"4 3\"/>\n</svg>\n");
        return text.ToString();
    }

    private static void Row(StringBuilder text, TuneRow row, int y, double scale)
    {
        string name = row.Case == TuneCase.AsGiven ? "as given" : row.Case.ToString();
        string color = row.IsBetter ? "#1a7f4b" : "#1f5fbf";
        double end = Left + (row.Ratio * scale), reach = Reach(row) * scale;
        Add(text, $"<text x=\"{Left - 8}\" y=\"{y + 14}\" text-anchor=\"end\" fill=\"#16191d\">{Escape(name)}</text>");
        Add(text, $"<rect x=\"{Left}\" y=\"{y + 2}\" width=\"{row.Ratio * scale:0.#}\" height=\"16\" fill=\"{color}\"/>");
        if (reach > 0)
        {
            Add(text, $"<path d=\"M{end - reach:0.#} {y + 10}H{end + reach:0.#}\" stroke=\"#16191d\" stroke-width=\"2\"/>");
        }

        Add(text, $"<text x=\"{end + reach + 6:0.#}\" y=\"{y + 14}\" fill=\"#565e69\">{row.TokensPerSecond:0.##}/s</text>\n");
    }

    private static double Reach(TuneRow row) => double.IsFinite(row.Error) ? Errors * row.Error : 0;

    private static string Escape(string value) => SecurityElement.Escape(value);

    private static void Add(StringBuilder text, FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));
}
