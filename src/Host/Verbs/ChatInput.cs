namespace LayerStream.Host.Verbs;

/// <summary>Messages out of lines: a line each, or what stands between three quotes and three quotes, over as many lines as it
/// has.</summary>
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
            string message = line.StartsWith(Quotes, StringComparison.Ordinal) ? Block(line[Quotes.Length..], readLine) : line;
            if (!string.IsNullOrWhiteSpace(message))
            {
                return message;
            }
        }

        return null;
    }

    // Behind quotes on a line of their own only such a line ends the message: code has quotes at the end of lines.
    private static string Block(string first, Func<bool, string?> readLine)
    {
        bool hasOwnLine = string.IsNullOrWhiteSpace(first);
        List<string> lines = [];
        long chars = 0;
        for (string? line = hasOwnLine ? readLine(true) : first; line is not null && chars < MostChars; line = readLine(true))
        {
            string shown = line.TrimEnd();
            if (hasOwnLine ? line.Trim() == Quotes : shown.EndsWith(Quotes, StringComparison.Ordinal))
            {
                lines.AddRange(hasOwnLine || shown.Length == Quotes.Length ? [] : [shown[..^Quotes.Length]]);
                break;
            }

            lines.Add(line);
            chars += line.Length + 1;
        }

        return string.Join('\n', lines);
    }
}
