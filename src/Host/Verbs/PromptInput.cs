using System.Text;
using LayerStream.Host.Terminal;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary>A prompt from standard input, to its end.</summary>
internal static class PromptInput
{
    private const int MostChars = 8 << 20; // more than any context takes, and little of a heap

    /// <summary>Reads it; one line break at its end is not part of it.</summary>
    /// <exception cref="UsageException">It is empty, or longer than any context.</exception>
    public static string Read() => Read(StandardStreams.OpenInput());

    /// <exception cref="UsageException">As above, or it is not UTF-8: with characters put in place of others it would be another
    /// text.</exception>
    internal static string Read(Stream input)
    {
        try
        {
            return Read(new StreamReader(input, new UTF8Encoding(false, throwOnInvalidBytes: true)));
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException("The prompt on standard input is not UTF-8.");
        }
    }

    internal static string Read(TextReader input)
    {
        char[] part = new char[1 << 14];
        StringBuilder text = new();
        for (int count; (count = input.ReadBlock(part, 0, part.Length)) > 0;)
        {
            text.Append(part, 0, count);
            if (text.Length > MostChars)
            {
                throw new UsageException($"The prompt on standard input is longer than {MostChars} characters.");
            }
        }

        string prompt = text.ToString();
        prompt = prompt.EndsWith("\r\n", StringComparison.Ordinal) ? prompt[..^2] : prompt.EndsWith('\n') ? prompt[..^1] : prompt;
        return prompt.Length > 0 ? prompt : throw new UsageException("Standard input holds no prompt.");
    }
}
