using System.Diagnostics;
using System.Runtime.CompilerServices;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Everything one rendering changes: output, current scope, clock, and what is left of the limits.</summary>
internal sealed class RenderState
{
    private const int StepsPerClockCheck = 256;

    private readonly TemplateLimits _limits;
    private readonly long _deadline;
    private readonly Stack<TextBuilder> _captured = new();
    private TextBuilder _output = new();
    private long _steps;
    private long _nextClockCheck = StepsPerClockCheck;
    private long _totalText;
    private int _depth;
    private int _macroDepth;

    public RenderState(TemplateLimits limits, Scope globals, Func<DateTime> now)
    {
        _limits = limits;
        _deadline = Stopwatch.GetTimestamp() + (long)(limits.Time.TotalSeconds * Stopwatch.Frequency);
        Globals = globals;
        Scope = globals;
        Now = now;
    }

    /// <summary>The top level: the variables of the rendering and what the template sets there.</summary>
    public Scope Globals { get; }

    public Scope Scope { get; set; }

    public Func<DateTime> Now { get; }

    public int RangeLength => _limits.RangeLength;

    /// <summary>Line of the statement being executed.</summary>
    public int Line { get; set; }

    public TextValue Output => _output.ToValue();

    public TemplateException Error(string message) => new(message, Line);

    public TemplateException UndefinedError(UndefinedValue value) => Error($"{value.What} is undefined");

    /// <summary>Enters one evaluation; every Enter is paired with a Leave unless the rendering ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        _depth++;
        Charge(1);
        if (_depth > _limits.EvaluationDepth)
        {
            throw Error("evaluation is nested too deeply");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave() => _depth--;

    public void EnterMacro()
    {
        if (++_macroDepth > _limits.MacroDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("macros are nested too deeply");
        }
    }

    public void LeaveMacro() => _macroDepth--;

    /// <summary>Counts work; raises when the step or time limit is used up.</summary>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps < _nextClockCheck)
        {
            return;
        }

        _nextClockCheck = _steps + StepsPerClockCheck;
        if (_steps > _limits.Steps)
        {
            throw Error($"the template runs more than {_limits.Steps} steps");
        }

        if (Stopwatch.GetTimestamp() > _deadline)
        {
            throw Error($"the template runs longer than {_limits.Time.TotalSeconds} s");
        }
    }

    /// <summary>Counts a text of the given length, before it is made where that is possible.</summary>
    public void ChargeText(long length)
    {
        CheckTextLength(length);
        _totalText += length;
        Charge(length / 256);
        if (_totalText > _limits.TotalText)
        {
            throw Error("the template makes too much text");
        }
    }

    public void CheckTextLength(long length)
    {
        if (length > _limits.TextLength)
        {
            throw Error($"a text exceeds {_limits.TextLength} characters");
        }
    }

    public void CheckValueDepth(int depth)
    {
        if (depth > TemplateLimits.ValueDepth)
        {
            throw Error("a value is nested too deeply");
        }
    }

    /// <summary>A new text value, counted.</summary>
    public TextValue Text(string text)
    {
        ChargeText(text.Length);
        return new TextValue(text);
    }

    /// <summary>The text itself, counted.</summary>
    public TextValue Text(TextValue text)
    {
        ChargeText(text.Text.Length);
        return text;
    }

    public void Write(TextValue text)
    {
        CheckTextLength((long)_output.Length + text.Text.Length);
        _output.Append(text);
    }

    /// <summary>Redirects output until <see cref="EndCapture"/>.</summary>
    public void BeginCapture()
    {
        _captured.Push(_output);
        _output = new TextBuilder();
    }

    public TextValue EndCapture()
    {
        var text = Text(_output.ToValue());
        _output = _captured.Pop();
        return text;
    }
}
