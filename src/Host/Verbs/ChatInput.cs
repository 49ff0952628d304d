using System.Text;

namespace LayerStream.Host.Verbs;

/// <summary>Messages out of lines: a line each, or the lines between two lines of three quotes.</summary>
internal static class ChatInput
{
    private const string Quotes = "\"\"\"";
    private const int MostChars = 32 << 20;

    /// <summary>The next message; null at the end of input. Blank lines are passed over.</summary>
    /// <param name="readLine">Gives the next line, or null; is told whether it goes on with a message.</param>
    public static string? Read(Func<bool, string?> readLine)
    {
        while (readLine(false) is { } line)
        {
            if (line.Trim() == Quotes)
            {
                return Block(readLine);
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                return line;
            }
        }

        return null;
    }

    private static string Block(Func<bool, string?> readLine)
    {
        StringBuilder text = new();
        while (readLine(true) is { } line && line.Trim() != Quotes && text.Length < MostChars)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(line);
        }

        return text.ToString();
    }
}
