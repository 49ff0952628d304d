using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>The text of an element, last byte first.</summary>
internal sealed record ElementText(byte Value, ElementText? Before)
{
    /// <summary>The bytes.</summary>
    public static byte[] Of(ElementText? text)
    {
        List<byte> bytes = [];
        for (; text is not null; text = text.Before)
        {
            bytes.Add(text.Value);
        }

        bytes.Reverse();
        return [.. bytes];
    }
}

/// <summary>In an element of an array whose elements differ: its text is kept, so that it can be told from the next ones.</summary>
/// <param name="inner">Where the text stands without that.</param>
/// <param name="frame">The array with the element under way.</param>
/// <param name="text">The element so far.</param>
internal sealed class ElementState(JsonState inner, ArrayFrame frame, ElementText? text) : JsonState(frame.Language)
{
    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    internal override LocalState? Local => inner.Local;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) => inner.Needed(costs);

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        if (inner is NumberState number && number.Frame.Depth == frame.Depth && !NumberState.IsOfNumber(value))
        {
            return Ended(number.Ended, text)?.Next(value);
        }

        ElementText longer = new(value, text);
        return inner.Next(value) switch
        {
            null => null,
            SignState sign when sign.Frame is ArrayFrame && sign.Frame.Depth == frame.Depth => Ended(sign, longer),
            GrammarState next => new ElementState((JsonState)next, frame, longer),
        };
    }

    // The text is not known here, and what follows depends on it: a token may end with the element, but not go on.
    internal override GrammarState? Leave(LocalState exit) =>
        inner.Leave(exit) is JsonState behind ? new BorderState(behind, frame.Language) : null;

    private static SignState? Ended(JsonState? behind, ElementText? text) =>
        behind is SignState { Frame: ArrayFrame array } ? array.Remember(ElementText.Of(text)) : null;

    private sealed class BorderState(JsonState behind, JsonLanguage language) : JsonState(language)
    {
        public override bool IsAccepting => false;

        public override int Needed(EndCosts costs) => behind.Needed(costs);

        public override GrammarState? Next(byte value) => null;
    }
}
