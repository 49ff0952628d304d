namespace LayerStream.Templates;

/// <summary>A prompt as a template wrote it, with the account of which parts are text of the conversation.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="MessageText">
/// Sorted, disjoint ranges of UTF-16 units of <paramref name="Text"/> that come from messages, tools and other variables and not from
/// the template: a tokenizer must not read control tokens in them.
/// </param>
public sealed record RenderedPrompt(string Text, IReadOnlyList<Range> MessageText)
{
    /// <summary>The first <paramref name="length"/> UTF-16 units, with their part of the account.</summary>
    public RenderedPrompt First(int length) => new(
        Text[..length],
        [.. MessageText.Where(r => r.Start.Value < length).Select(r => r.Start.Value..Math.Min(r.End.Value, length))]);

    internal static RenderedPrompt From(Values.TextValue text)
    {
        List<Range> ranges = [];
        for (int i = 0; i < (text.Spans?.Count ?? 0); i++)
        {
            (int begin, int end) = text.Spans![i];
            ranges.Add(begin..end);
        }

        return new RenderedPrompt(text.Text, ranges);
    }
}
