using System.Globalization;
using System.Text;

namespace LayerStream.Host.Terminal;

/// <summary>How wide text is on a terminal.</summary>
internal static class TextColumns
{
    private const int Unknown = 80; // what a terminal that does not tell is taken for

    /// <summary>Width of the terminal, or what the user asks for by COLUMNS if that is less; some terminals say 0, or nothing.</summary>
    public static int OfTerminal()
    {
        int told;
        try
        {
            told = OrUsual(Console.WindowWidth);
        }
        catch (IOException)
        {
            told = Unknown;
        }

        return OrLess(told, Environment.GetEnvironmentVariable("COLUMNS"));
    }

    /// <summary>A width, or the one of a variable if that is less.</summary>
    public static int OrLess(int width, string? variable) =>
        int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out int asked) && asked > 0 ? Math.Min(width, asked)
            : width;

    /// <summary>A width that a terminal told, if it can be one.</summary>
    public static int OrUsual(int told) => told > 0 ? told : Unknown;

    /// <summary>Columns of one character: East Asian wide and full-width ranges and emoji take two (Unicode annex 11).</summary>
    public static int Of(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        < 0x370 or 0x200B or 0x200D or 0xFE0F => 0,
        >= 0x1100 and < 0x1160 or >= 0x2E80 and < 0x303F or >= 0x3041 and < 0xA4D0 or >= 0xAC00 and < 0xD7A4 => 2,
        >= 0xF900 and < 0xFB00 or >= 0xFE30 and < 0xFE70 or >= 0xFF00 and < 0xFF61 or >= 0xFFE0 and < 0xFFE7 => 2,
        >= 0x1F300 and < 0x1F650 or >= 0x1F680 and < 0x1F700 or >= 0x1F900 and < 0x1FA00 or >= 0x20000 and < 0x3FFFE => 2,
        _ => 1,
    };
}
