using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Events on their way out; neighbours of one kind become one.</summary>
internal sealed class EventLine(Action<AnswerEvent> show)
{
    private readonly StringBuilder _text = new();
    private AnswerPart _part;

    /// <summary>Number of the newest call; −1 = none yet.</summary>
    public int Call { get; private set; } = -1;

    /// <summary>Adds text of a kind.</summary>
    public void Add(AnswerPart part, string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        Turn(part);
        _text.Append(text);
    }

    /// <summary>Adds a character.</summary>
    public void Add(AnswerPart part, char c)
    {
        Turn(part);
        _text.Append(c);
    }

    /// <summary>Begins a call.</summary>
    public void Start(string name, string? id)
    {
        Flush();
        Call++;
        show(new AnswerEvent(AnswerPart.CallStart, name, Call, id));
    }

    /// <summary>Ends the newest call, whole or broken.</summary>
    public void End(AnswerPart part, string text = "")
    {
        Flush();
        show(new AnswerEvent(part, text, Call));
    }

    /// <summary>Lets go of what has gathered.</summary>
    public void Flush()
    {
        if (_text.Length > 0)
        {
            string text = _text.ToString();
            _text.Clear();
            show(new AnswerEvent(_part, text, _part == AnswerPart.CallArguments ? Call : 0));
        }
    }

    private void Turn(AnswerPart part)
    {
        if (part != _part)
        {
            Flush();
            _part = part;
        }
    }
}
