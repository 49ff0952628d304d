using System.Text;
using LayerStream.Sampling.Grammars;
using LayerStream.Templates;
using LayerStream.Templates.Answers;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Session;

/// <summary>Whether an answer begins with a thought, from what the template wrote behind the last message.</summary>
public static class AnswerThoughts
{
    /// <summary>What comes before the text of the answer to a prompt; null = nothing does.</summary>
    public static AnswerThought? Of(Tokenizer tokenizer, RenderedPrompt prompt, AnswerFormat format) =>
        Of(prompt, format, BeginToken(tokenizer, format));

    /// <summary>The same, for a model whose thoughts begin with a token of their own; −1 = there is no such token.</summary>
    public static AnswerThought? Of(RenderedPrompt prompt, AnswerFormat format, int beginToken)
    {
        ThoughtMarks marks = format.Thought;
        int behind = prompt.MessageText.Count == 0 ? 0 : prompt.MessageText.Max(r => r.End.GetOffset(prompt.Text.Length));
        string opening = prompt.Text[behind..].TrimEnd();
        string end = marks.AnswerOpen ?? marks.Close;
        if (opening.EndsWith(end.TrimEnd(), StringComparison.Ordinal))
        {
            return null;
        }

        int opened = opening.LastIndexOf(marks.Open.TrimEnd(), StringComparison.Ordinal);
        int closed = opening.LastIndexOf(marks.Close, StringComparison.Ordinal);
        if (opened > closed || (marks.PromptEnd is { } mark && opening.EndsWith(mark, StringComparison.Ordinal)))
        {
            return new AnswerThought(Encoding.UTF8.GetBytes(end), IsOpen: true);
        }

        return beginToken < 0 || (closed >= 0 && marks.AnswerOpen is null) ? null
            : new AnswerThought(Encoding.UTF8.GetBytes(end), IsOpen: false, beginToken);
    }

    /// <summary>A bound on the thought before an answer, with the tokens that close it.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="format">The model's marks.</param>
    /// <param name="thought">The thought.</param>
    /// <param name="tokens">Tokens that it may have.</param>
    public static ThoughtBudget Bound(Tokenizer tokenizer, AnswerFormat format, AnswerThought thought, int tokens)
    {
        ThoughtMarks marks = format.Thought;
        bool hasHeader = thought.IsOpen && marks.PromptEnd is not null; // the model writes the opening, or what comes instead
        string open = hasHeader ? marks.AnswerOpen ?? "" : "";
        string behind = marks.AnswerOpen is { } answer ? marks.PromptEnd + answer : "";
        int[] closing = Ids(hasHeader && tokens == 0 ? open : marks.Close + behind);
        return new ThoughtBudget(thought, hasHeader && tokens > 0 ? tokens + Ids(marks.Open).Length : tokens, closing);

        int[] Ids(string text) => tokenizer.Encode(text, addSpecial: false, parseSpecial: true);
    }

    // A model that opens the thought itself has a token for it, or for the beginning of its mark.
    private static int BeginToken(Tokenizer tokenizer, AnswerFormat format) =>
        tokenizer.Encode(format.Thought.Open, addSpecial: false, parseSpecial: true) is [int id, ..]
            && tokenizer.TypeOf(id) is TokenType.Control or TokenType.UserDefined ? id : -1;
}
