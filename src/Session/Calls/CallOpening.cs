using LayerStream.Templates;
using LayerStream.Templates.Answers;

namespace LayerStream.Session.Calls;

/// <summary>A call that is demanded begins in the prompt, behind the end of a thought that the template has opened.</summary>
public static class CallOpening
{
    /// <summary>The prompt with the call's beginning, and that beginning; null when the family's form of calls cannot be begun for the
    /// model.</summary>
    /// <param name="prompt">The prompt, open for the answer.</param>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="tool">The tool to call; null = any.</param>
    public static (RenderedPrompt Prompt, string Begun)? Of(RenderedPrompt prompt, AnswerFormat format, string? tool)
    {
        if (format.BeginCall(tool) is not { } begun)
        {
            return null;
        }

        string closed = format.OpensThought(prompt.Text) ? prompt.Text + format.Thought.Close + "\n\n" : prompt.Text;
        return (prompt with { Text = closed + begun }, begun);
    }
}
