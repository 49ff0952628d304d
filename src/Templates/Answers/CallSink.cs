namespace LayerStream.Templates.Answers;

/// <summary>Where readers put the calls they find.</summary>
internal sealed class CallSink(EventLine line, OfferedTools tools)
{
    /// <summary>The tools that may be called.</summary>
    public OfferedTools Tools => tools;

    /// <summary>Whether a call has begun and not ended.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Calls that have begun.</summary>
    public int Count { get; private set; }

    /// <summary>Heard at the end of every call: what was read belongs to it.</summary>
    public Action Ended { get; set; } = () => { };

    /// <summary>Begins a call; false when no such tool was offered.</summary>
    public bool Start(string name, string? id)
    {
        if (!tools.Has(name))
        {
            return false;
        }

        IsOpen = true;
        Count++;
        line.Start(name, id);
        return true;
    }

    /// <summary>More of the arguments.</summary>
    public void Arguments(string json) => line.Add(AnswerPart.CallArguments, json);

    /// <summary>Ends the call.</summary>
    public void End()
    {
        IsOpen = false;
        line.End(AnswerPart.CallEnd);
        Ended();
    }

    /// <summary>The call that has begun cannot be whole.</summary>
    public void Break(string raw)
    {
        IsOpen = false;
        line.End(AnswerPart.CallBroken, raw);
    }
}
