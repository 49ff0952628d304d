using System.Text;
using LayerStream.Sampling.Grammars;
using LayerStream.Templates;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Session;

/// <summary>Whether an answer begins with a thought, from what the template wrote behind the last message.</summary>
public static class AnswerThoughts
{
    /// <summary>The thought before the answer to a prompt; null = there is none.</summary>
    public static AnswerThought? Of(Tokenizer tokenizer, RenderedPrompt prompt)
    {
        int behind = prompt.MessageText.Count == 0 ? 0 : prompt.MessageText.Max(r => r.End.GetOffset(prompt.Text.Length));
        string opening = prompt.Text[behind..].TrimEnd();
        foreach (ThoughtMarks marks in ThoughtMarks.All)
        {
            byte[] end = Encoding.UTF8.GetBytes(marks.End);
            int begun = opening.LastIndexOf(marks.Begin, StringComparison.Ordinal);
            int ended = opening.LastIndexOf(marks.End, StringComparison.Ordinal);
            if (begun >= 0 || ended >= 0)
            {
                return begun > ended ? new AnswerThought(end, IsOpen: true) : null;
            }

            if (marks.Opening is { } mark && opening.EndsWith(mark, StringComparison.Ordinal))
            {
                return new AnswerThought(end, IsOpen: true);
            }
        }

        return ThoughtMarks.All.Select(marks => Begins(tokenizer, marks)).FirstOrDefault(thought => thought is not null);
    }

    // A model that opens the thought itself has a token for it.
    private static AnswerThought? Begins(Tokenizer tokenizer, ThoughtMarks marks) =>
        tokenizer.Encode(marks.Begin, addSpecial: false, parseSpecial: true) is [int id]
            && tokenizer.TypeOf(id) is TokenType.Control or TokenType.UserDefined
            ? new AnswerThought(Encoding.UTF8.GetBytes(marks.End), IsOpen: false, id)
            : null;
}
