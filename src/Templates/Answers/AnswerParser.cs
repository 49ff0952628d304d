namespace LayerStream.Templates.Answers;

/// <summary>
/// Splits an answer, as it comes, into thought, text and tool calls. However the text is cut into pieces, the events say the same; whatever
/// is no whole call stays text, so that nothing the model wrote is lost. Time is linear in the text.
/// </summary>
public abstract class AnswerParser
{
    private protected AnswerParser(OfferedTools tools, Action<AnswerEvent> show)
    {
        Line = new EventLine(show);
        Sink = new CallSink(Line, tools);
    }

    /// <summary>Calls that have begun.</summary>
    public int Calls => Sink.Count;

    private protected EventLine Line { get; }

    private protected CallSink Sink { get; }

    /// <summary>A parser at the beginning of an answer.</summary>
    /// <param name="format">The model's format.</param>
    /// <param name="tools">Tools that may be called; with none of them nothing is a call.</param>
    /// <param name="opensThought">Whether the prompt ends inside a thought.</param>
    /// <param name="show">Gets the events.</param>
    public static AnswerParser Create(AnswerFormat format, OfferedTools tools, bool opensThought, Action<AnswerEvent> show) =>
        format.IsHarmony ? new HarmonyParser(tools, opensThought, show) : new MarkedParser(format, tools, opensThought, show);

    /// <summary>Whether it is still open what the last characters are, so that no event has said them.</summary>
    public abstract bool IsHolding { get; }

    /// <summary>Takes more of the answer.</summary>
    public void Append(string text)
    {
        foreach (char c in text)
        {
            Take(c);
        }

        Line.Flush();
    }

    /// <summary>The answer has ended.</summary>
    public void Finish()
    {
        End();
        Line.Flush();
    }

    private protected abstract void Take(char c);

    private protected abstract void End();
}
