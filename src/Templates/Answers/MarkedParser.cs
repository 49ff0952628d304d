using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Answers of plain text with marks around thoughts and calls.</summary>
internal sealed class MarkedParser : AnswerParser
{
    private readonly AnswerFormat _format;
    private readonly string[] _marks;
    private readonly MarkerScan _scan;
    private readonly StringBuilder _plain = new();
    private readonly StringBuilder _space = new(); // white space that may stand next to a mark
    private readonly StringBuilder _raw = new();   // since the opening of a section or a call, or since the last whole call
    private readonly bool _findsCalls;
    private MarkerScan _inSection = new([]);
    private CallReader? _reader;
    private Mode _mode, _before;
    private int _callsBefore;
    private bool _hasText, _dropsSpace, _isAfterCall, _isSection;
    private bool _endedThought; // whether a call has ended a thought whose own mark may still come

    public MarkedParser(AnswerFormat format, OfferedTools tools, bool opensThought, Action<AnswerEvent> show)
        : base(tools, show)
    {
        _format = format;
        _findsCalls = tools.Names.Count > 0 || format.OpensWith is not null;
        _marks = [format.Thought.Open, format.Thought.Close, .. format.Dropped,
            .. _findsCalls ? (string[])[.. format.Calls.Select(c => c.Open), .. format.SectionOpens, .. format.SectionCloses] : []];
        _scan = new MarkerScan(_marks);
        Sink.Ended = () => _raw.Clear();
        _mode = opensThought ? Mode.Reasoning : Mode.Text;
        _dropsSpace = opensThought;
        if (format.OpensWith is not null && !opensThought)
        {
            Open(format.Calls[0].Read);
        }
    }

    private enum Mode
    {
        Text,
        Reasoning,
        Section,
        Call,
    }

    /// <inheritdoc/>
    public override bool IsHolding => _scan.IsHolding || _space.Length > 0 || _mode is Mode.Call or Mode.Section;

    private bool IsAtBeginning => !_hasText && Sink.Count == 0;

    private protected override void Take(char c)
    {
        switch (_mode)
        {
            case Mode.Call:
                InCall(c);
                break;
            case Mode.Section:
                InSection(c);
                break;
            case Mode.Text when _format.BareJson && c == '{' && _findsCalls && IsAtBeginning && !_scan.IsHolding:
                Open(s => new JsonCallReader(s, null));
                InCall(c);
                break;
            default:
                int found = _scan.Take(c, _plain);
                Plain();
                if (found >= 0)
                {
                    Found(_marks[found]);
                }

                break;
        }
    }

    private protected override void End()
    {
        switch (_mode)
        {
            case Mode.Call when _reader!.End():
            case Mode.Section when Sink.Count > _callsBefore: // white space, and what may be the beginning of the closing mark
                break;
            case Mode.Call or Mode.Section:
                GiveBack();
                break;
            default:
                _scan.Flush(_plain);
                if (_isAfterCall && IsFrame(_plain.ToString()))
                {
                    _plain.Clear();
                }

                Plain();
                if (!_isAfterCall)
                {
                    Line.Add(PartOf(_mode), _space.ToString());
                }

                break;
        }
    }

    // Whether it is the beginning of a mark that stands for nothing behind a call.
    private bool IsFrame(string text) =>
        _format.SectionCloses.Concat(_format.Dropped).Any(m => m.StartsWith(text, StringComparison.Ordinal));

    private static AnswerPart PartOf(Mode mode) => mode == Mode.Reasoning ? AnswerPart.Reasoning : AnswerPart.Text;

    private void Plain()
    {
        for (int i = 0; i < _plain.Length; i++)
        {
            char c = _plain[i];
            if (!char.IsWhiteSpace(c))
            {
                Show(c);
            }
            else if (!_dropsSpace)
            {
                _space.Append(c);
            }
        }

        _plain.Clear();
    }

    private void Show(char c)
    {
        AnswerPart part = PartOf(_mode);
        Line.Add(part, _space.ToString());
        _space.Clear();
        Line.Add(part, c);
        _dropsSpace = _isAfterCall = false;
        _hasText |= part == AnswerPart.Text;
    }

    private void Found(string mark)
    {
        if (mark == _format.Thought.Close && (_mode == Mode.Reasoning || _endedThought))
        {
            _endedThought = false;
            Turn(Mode.Text);
        }
        else if (mark == _format.Thought.Open && _mode == Mode.Reasoning && _dropsSpace)
        {
            Turn(Mode.Reasoning); // the prompt has opened it, and the model once more
        }
        else if (mark == _format.Thought.Open && _mode == Mode.Text && IsAtBeginning)
        {
            Turn(Mode.Reasoning);
        }
        else if (_format.Dropped.Contains(mark) && _mode == Mode.Text)
        {
            _dropsSpace = true;
        }
        else if (_format.Calls.FirstOrDefault(c => c.Open == mark).Read is { } read && _findsCalls)
        {
            _raw.Append(mark);
            Open(read);
        }
        else if (_format.SectionOpens.Contains(mark))
        {
            _raw.Append(mark);
            _before = _mode;
            _callsBefore = Sink.Count;
            ToSection();
        }
        else if (_format.SectionCloses.Contains(mark) && _isAfterCall)
        {
            _dropsSpace = true;
        }
        else
        {
            _plain.Append(mark);
            Plain();
        }
    }

    private void Turn(Mode mode)
    {
        _space.Clear();
        _mode = mode;
        _dropsSpace = true;
    }

    private void Open(Func<CallSink, CallReader> read)
    {
        if (_mode != Mode.Section)
        {
            _before = _mode;
            _isSection = false;
            _callsBefore = Sink.Count;
        }

        _reader = read(Sink);
        _mode = Mode.Call;
    }

    private void ToSection()
    {
        _mode = Mode.Section;
        _isSection = true;
        _inSection = new MarkerScan([.. _format.Calls.Select(c => c.Open), .. _format.SectionCloses]);
    }

    private void InSection(char c)
    {
        _raw.Append(c);
        int found = _inSection.Take(c, _plain);
        bool isSpace = _plain.ToString().All(char.IsWhiteSpace);
        _plain.Clear();
        if (found >= 0 && found < _format.Calls.Count)
        {
            Open(_format.Calls[found].Read);
        }
        else if (found >= 0 && Sink.Count > _callsBefore)
        {
            AfterCall();
        }
        else if (found >= 0 || !isSpace)
        {
            GiveBack();
        }
    }

    private void InCall(char c)
    {
        _raw.Append(c);
        ReadStep step = _reader!.Take(c);
        if (Sink.Count > _callsBefore)
        {
            _space.Clear();
            _endedThought |= _before == Mode.Reasoning;
        }

        if (step == ReadStep.More)
        {
            return;
        }

        bool isTaken = step is ReadStep.Done or ReadStep.Failed;
        if (!isTaken)
        {
            _raw.Length--;
        }

        bool isText = Sink.Count == _callsBefore && _format.OpensWith is not null;
        if (step is ReadStep.Failed or ReadStep.FailedBefore || (Sink.Count == _callsBefore && !isText))
        {
            GiveBack();
        }
        else if (isText)
        {
            _raw.Clear();
            Turn(Mode.Text); // a mark that means text
            _dropsSpace = false;
        }
        else if (_isSection)
        {
            _raw.Clear();
            ToSection();
        }
        else
        {
            AfterCall();
        }

        if (!isTaken)
        {
            Take(c);
        }
    }

    private void AfterCall()
    {
        _raw.Clear();
        Turn(Mode.Text);
        _isAfterCall = true;
    }

    // What was read is no call: it is what it was before, or the rest of a call that nobody can finish.
    private void GiveBack()
    {
        string raw = _raw.ToString();
        _raw.Clear();
        _mode = Sink.Count > _callsBefore ? Mode.Text : _before;
        if (Sink.IsOpen)
        {
            Sink.Break(raw);
            _dropsSpace = _isAfterCall = true;
            return;
        }

        if (_space.Length > 0)
        {
            Line.Add(PartOf(_mode), _space.ToString());
            _space.Clear();
        }

        _hasText |= _mode == Mode.Text && raw.Length > 0;
        _dropsSpace = _isAfterCall = false;
        Line.Add(PartOf(_mode), raw);
    }
}
