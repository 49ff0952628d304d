using System.Text;

namespace LayerStream.Tokenization;

/// <summary>The customary removal of spaces before punctuation in whole decoded texts, in three passes; loses information.</summary>
internal static class TextCleanUp
{
    public static string Apply(string text) => BeforeContractions(AroundApostrophes(BeforePunctuation(text)));

    private static string BeforePunctuation(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ' ' || i + 1 >= text.Length || text[i + 1] is not ('?' or '!' or '.' or ','))
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static string AroundApostrophes(string text) => text.Replace(" ' ", "'", StringComparison.Ordinal);

    private static string BeforeContractions(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ' ' || !IsContraction(text.AsSpan(i + 1)))
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static bool IsContraction(ReadOnlySpan<char> text) => text is ['\'', 's' or 'm', ..] or ['\'', 'r' or 'v', 'e', ..];
}
