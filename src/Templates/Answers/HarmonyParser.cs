using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Harmony answers: messages of a header (recipient, channel) and a body. The channel says what the body is.</summary>
internal sealed class HarmonyParser : AnswerParser
{
    private const int LongestHeader = 512;
    private const string Channel = "<|channel|>", Recipient = "to=", Functions = "functions.", Role = "assistant";
    private static readonly string[] s_headMarks = ["<|message|>", "<|end|>", "<|call|>", "<|return|>"];
    private static readonly string[] s_bodyMarks = ["<|end|>", "<|call|>", "<|return|>", "<|start|>", Channel];

    private readonly StringBuilder _header = new();
    private readonly StringBuilder _plain = new();
    private readonly StringBuilder _raw = new();
    private MarkerScan _scan = new(s_headMarks);
    private JsonRelay? _relay;
    private Body _body;

    public HarmonyParser(OfferedTools tools, bool opensThought, Action<AnswerEvent> show)
        : base(tools, show)
    {
        if (opensThought)
        {
            Begin(Body.Thought);
        }
    }

    private enum Body
    {
        None,
        Text,
        Thought,
        Call,
        CallDone,
    }

    /// <inheritdoc/>
    public override bool IsHolding => _body == Body.None || _scan.IsHolding;

    private protected override void Take(char c)
    {
        if (_body == Body.None)
        {
            InHeader(c);
            return;
        }

        int found = _scan.Take(c, _plain);
        Show();
        if (found >= 0)
        {
            EndBody();
            _header.Append(s_bodyMarks[found] == Channel ? Channel : "");
        }
    }

    private protected override void End()
    {
        if (_body == Body.CallDone)
        {
            return; // what is held may be the beginning of the mark behind the call
        }

        _scan.Flush(_body == Body.None ? _header : _plain);
        if (_body == Body.None)
        {
            // The beginning of a header is only a frame, like a whole one.
            if (!_header.ToString().Contains(Channel, StringComparison.Ordinal))
            {
                GiveBackHeader();
            }

            return;
        }

        Show();
        if (_body == Body.Call)
        {
            BreakCall(); // no mark of its end has come
        }
    }

    private void InHeader(char c)
    {
        int found = _scan.Take(c, _header);
        if (found == 0)
        {
            BeginMessage();
        }
        else if (found > 0 || _header.Length > LongestHeader)
        {
            GiveBackHeader();
            if (found < 0)
            {
                Begin(Body.Text);
            }
        }
    }

    // A header without a message: text, unless it is only the frame.
    private void GiveBackHeader()
    {
        string header = _header.ToString();
        _header.Clear();
        string bare = header.Replace("<|start|>", "", StringComparison.Ordinal).Trim();
        if (bare.Length > 0 && bare != Role)
        {
            Line.Add(AnswerPart.Text, header);
        }
    }

    private void BeginMessage()
    {
        string header = _header.ToString();
        _header.Clear();
        int channelAt = header.LastIndexOf(Channel, StringComparison.Ordinal);
        string channel = channelAt < 0 ? "" : Word(header, channelAt + Channel.Length);
        int to = header.LastIndexOf(Recipient, StringComparison.Ordinal);
        string recipient = to < 0 ? "" : Word(header, to + Recipient.Length);
        string name = recipient.StartsWith(Functions, StringComparison.Ordinal) ? recipient[Functions.Length..] : recipient;
        if (name.Length > 0 && Sink.Start(name, null))
        {
            _relay = new JsonRelay(Sink.Arguments);
            _raw.Clear();
            Begin(Body.Call);
        }
        else
        {
            // A tool of the model's own that is not here: what it is told belongs to the thought.
            bool isForeign = name.Length > 0 && name != Role && !recipient.StartsWith(Functions, StringComparison.Ordinal);
            Begin(channel == "analysis" || isForeign ? Body.Thought : Body.Text);
        }
    }

    private void Begin(Body body)
    {
        _body = body;
        _scan = new MarkerScan(s_bodyMarks);
    }

    private void Show()
    {
        for (int i = 0; i < _plain.Length; i++)
        {
            char c = _plain[i];
            if (_body == Body.Call)
            {
                InCall(c);
            }
            else if (_body != Body.CallDone || !char.IsWhiteSpace(c))
            {
                Line.Add(_body == Body.Thought ? AnswerPart.Reasoning : AnswerPart.Text, c);
            }
        }

        _plain.Clear();
    }

    private void InCall(char c)
    {
        if (_raw.Length == 0 && (char.IsWhiteSpace(c) || c != '{'))
        {
            if (!char.IsWhiteSpace(c))
            {
                _raw.Append(c);
                BreakCall();
            }

            return;
        }

        _raw.Append(c);
        switch (_relay!.Take(c))
        {
            case ReadStep.More:
                break;
            case ReadStep.Done:
                Sink.End();
                _body = Body.CallDone;
                break;
            default:
                BreakCall();
                break;
        }
    }

    private void BreakCall()
    {
        Sink.Break(_raw.ToString());
        _body = Body.Text;
    }

    private void EndBody()
    {
        if (_body == Body.Call && _raw.Length > 0)
        {
            BreakCall();
        }
        else if (_body == Body.Call)
        {
            Sink.Arguments("{}");
            Sink.End();
        }

        _body = Body.None;
        _scan = new MarkerScan(s_headMarks);
    }

    private static string Word(string text, int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        int end = at;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] != '<')
        {
            end++;
        }

        return text[at..end];
    }
}
