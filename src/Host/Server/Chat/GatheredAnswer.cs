using System.Text;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>An answer that is sent in one piece, while it grows. A call that never became whole is text.</summary>
internal sealed class GatheredAnswer
{
    private readonly StringBuilder _text = new(), _reasoning = new(), _arguments = new();
    private readonly List<(string Id, string Name, string Arguments)> _calls = [];
    private (string Id, string Name) _open;

    /// <summary>The text.</summary>
    public string Text => _text.ToString();

    /// <summary>The thought.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>Whole calls, their arguments as JSON.</summary>
    public IReadOnlyList<(string Id, string Name, string Arguments)> Calls => _calls;

    /// <summary>Takes an event.</summary>
    /// <param name="item">The event.</param>
    /// <param name="id">Makes ids.</param>
    public void Take(AnswerEvent item, Func<AnswerEvent, string> id)
    {
        switch (item.Part)
        {
            case AnswerPart.Text or AnswerPart.CallBroken:
                _text.Append(item.Text);
                break;
            case AnswerPart.Reasoning:
                _reasoning.Append(item.Text);
                break;
            case AnswerPart.CallStart:
                _open = (id(item), item.Text);
                _arguments.Clear();
                break;
            case AnswerPart.CallArguments:
                _arguments.Append(item.Text);
                break;
            case AnswerPart.CallEnd:
                _calls.Add((_open.Id, _open.Name, _arguments.ToString()));
                break;
        }
    }
}
