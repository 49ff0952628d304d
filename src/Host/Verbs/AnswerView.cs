using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Verbs;

/// <summary>Shows one answer: what a generation or a daemon tells of it.</summary>
/// <param name="screen">Where to.</param>
/// <param name="format">How the model marks thoughts; null = the text is shown as it is.</param>
/// <param name="opensThought">Whether the prompt ends inside a thought.</param>
internal sealed class AnswerView(AnswerScreen screen, AnswerFormat? format = null, bool opensThought = false) : IDisposable
{
    private readonly AnswerParser? _parser = format is null || !screen.IsRich ? null
        : AnswerParser.Create(format, OfferedTools.None, opensThought, item =>
        {
            if (item.Part == AnswerPart.Reasoning)
            {
                screen.Thought(item.Text);
            }
            else
            {
                screen.Text(item.Text);
            }
        });

    /// <summary>Whether it needs the marks of thoughts, which are hidden otherwise.</summary>
    public bool SplitsThought => _parser is not null;

    /// <summary>Shows an event of a generation. Errors: <see cref="OutputClosedException"/>.</summary>
    public void Show(GenerationEvent item)
    {
        if (item.Text is null)
        {
            PromptLine.Show(item.Done, item.Total);
        }
        else if (_parser is not null)
        {
            _parser.Append(item.Text);
        }
        else
        {
            screen.Text(item.Text);
        }
    }

    /// <summary>Shows an event of a daemon.</summary>
    public void Show(RemotePiece piece)
    {
        if (piece.PromptProgress is { } progress)
        {
            PromptLine.Show(progress.Processed, progress.Total);
        }

        if (piece.Choices is [{ Delta: { } delta }, ..])
        {
            screen.Thought(delta.ReasoningContent ?? "");
            screen.Text(delta.Content ?? "");
        }
    }

    /// <summary>The answer has ended.</summary>
    public void End()
    {
        _parser?.Finish();
        screen.End();
    }

    /// <summary>Ends an answer that failed on the way.</summary>
    public void Dispose()
    {
        if (screen.HasBegun)
        {
            screen.End();
        }
    }
}
