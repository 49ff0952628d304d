namespace LayerStream.Formats;

/// <summary>Text from a file, made safe for a one-line message.</summary>
internal static class Printable
{
    private const int MaxLength = 80;

    /// <summary>At most 80 characters, control characters replaced.</summary>
    internal static string Text(string text)
        => string.Create(Math.Min(text.Length, MaxLength), text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
}
