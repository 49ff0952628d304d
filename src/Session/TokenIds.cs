using System.Globalization;
using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>Token ids on the command line.</summary>
public static class TokenIds
{
    private const int MostIds = 1 << 20;   // no context is longer; bounds what a file of ids may take of the heap
    private const int LongestId = 64;      // characters of an entry that a message still shows
    private const string Separators = ", \t\n\r[]";

    /// <summary>Parses <c>1,2,3</c>, or the content of FILE for <c>@FILE</c> (commas, spaces, line ends, JSON brackets), read as a
    /// stream.</summary>
    /// <param name="text">The text.</param>
    /// <param name="context">Tokens of context, if they are known; more ids than that are refused while reading.</param>
    /// <exception cref="UsageException">An entry is no id, there is none, or there are too many.</exception>
    public static int[] Parse(string text, int context = 0)
    {
        using TextReader reader = text.StartsWith('@') ? new StreamReader(TransientFile.OpenRead(text[1..])) : new StringReader(text);
        int most = context > 0 ? Math.Min(context, MostIds) : MostIds;
        List<int> ids = [];
        Span<char> entry = stackalloc char[LongestId];
        int length = 0;
        while (true)
        {
            int next = reader.Read();
            if (next >= 0 && !Separators.Contains((char)next))
            {
                entry[length++] = (char)next;
                if (length == LongestId)
                {
                    throw new UsageException($"'{entry}…' is not a token id.");
                }

                continue;
            }

            if (length > 0)
            {
                if (ids.Count == most)
                {
                    throw new UsageException($"--ids names more than {most} tokens, "
                        + $"{(context > 0 ? "which is the context; give a larger --context or fewer ids" : "more than any context")}.");
                }

                ids.Add(One(entry[..length]));
                length = 0;
            }

            if (next < 0)
            {
                return ids.Count > 0 ? [.. ids] : throw new UsageException("--ids names no token.");
            }
        }
    }

    private static int One(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id
            : throw new UsageException($"'{text}' is not a token id.");
}
