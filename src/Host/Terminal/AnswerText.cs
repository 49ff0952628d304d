using LayerStream.Session;

namespace LayerStream.Host.Terminal;

/// <summary>Shows an answer as it grows: its text on standard output, how far the prompt is on standard error.</summary>
internal static class AnswerText
{
    /// <summary>Shows one event. Errors: <see cref="OutputClosedException"/>.</summary>
    public static void Show(GenerationEvent item)
    {
        if (item.Text is null)
        {
            PromptLine.Show(item.Done, item.Total);
        }
        else
        {
            Console.Out.Write(item.Text);
        }
    }
}
