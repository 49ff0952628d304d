using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Which signs may come.</summary>
internal enum SignPlace
{
    /// <summary>Behind the opening bracket of an array.</summary>
    FirstElement,

    /// <summary>Behind an element.</summary>
    NextElement,

    /// <summary>Behind the opening brace of an object.</summary>
    FirstMember,

    /// <summary>Behind a member.</summary>
    NextMember,

    /// <summary>Behind the comma of an object.</summary>
    Name,

    /// <summary>Behind a name.</summary>
    Colon,
}

/// <summary>Between the parts of an array or object.</summary>
internal sealed class SignState(Frame frame, SignPlace place, int space = WhiteSpace.None)
    : JsonState(frame.Language)
{
    /// <summary>The array or object.</summary>
    public Frame Frame => frame;

    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) => place switch
    {
        SignPlace.FirstElement or SignPlace.NextElement => ((ArrayFrame)frame).Needed(costs, place == SignPlace.FirstElement),
        SignPlace.FirstMember or SignPlace.NextMember => ((ObjectFrame)frame).Needed(costs, place == SignPlace.FirstMember),
        SignPlace.Name => ((ObjectFrame)frame).Name()?.Needed(costs, isQuoted: false) ?? EndCosts.Far,
        _ => EndCosts.Sum(1, ((ObjectFrame)frame).Value()?.Needed(costs) ?? EndCosts.Far),
    };

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        if (WhiteSpace.Add(space, value, frame.Language.Checks) is int more)
        {
            return new SignState(frame, place, more);
        }

        ArrayFrame? array = frame as ArrayFrame;
        ObjectFrame? members = frame as ObjectFrame;
        return (place, (char)value) switch
        {
            (SignPlace.FirstElement or SignPlace.NextElement, ']') => array!.Close(),
            (SignPlace.FirstElement, _) => array!.Element()?.Next(value),
            (SignPlace.NextElement, ',') => array!.Element(),
            (SignPlace.FirstMember or SignPlace.NextMember, '}') => members!.Close(),
            (SignPlace.FirstMember or SignPlace.Name, '"') => members!.Name(),
            (SignPlace.NextMember, ',') => members!.CanAdd ? new SignState(frame, SignPlace.Name) : null,
            (SignPlace.Colon, ':') => members!.Value(),
            _ => null,
        };
    }
}
