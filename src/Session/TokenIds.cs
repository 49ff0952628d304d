using System.Globalization;

namespace LayerStream.Session;

/// <summary>Token ids on the command line.</summary>
public static class TokenIds
{
    private static readonly char[] s_separators = [',', ' ', '\t', '\n', '\r', '[', ']'];

    /// <summary>Parses <c>1,2,3</c>, or the content of FILE for <c>@FILE</c> (commas, spaces, line ends, JSON brackets).</summary>
    /// <exception cref="UsageException">An entry is no id, or there is none.</exception>
    public static int[] Parse(string text)
    {
        if (text.StartsWith('@'))
        {
            text = File.ReadAllText(text[1..]);
        }

        string[] parts = text.Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
        int[] ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                throw new UsageException($"'{parts[i]}' is not a token id.");
            }
        }

        return ids.Length > 0 ? ids : throw new UsageException("--ids names no token.");
    }
}
