using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>
/// What stands around a value. A frame has threads, one for each way to understand what was written; links of an inner thread are
/// the numbers of the threads around it that it serves. Immutable.
/// </summary>
internal abstract class Frame(JsonLanguage language, Frame? parent)
{
    /// <summary>The language.</summary>
    public JsonLanguage Language { get; } = language;

    /// <summary>The frame around this one.</summary>
    public Frame? Parent { get; } = parent;

    /// <summary>How many frames are around.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>The state behind an inner value, or null.</summary>
    /// <param name="threads">Numbers of the threads that the value was right for, sorted; at least one.</param>
    public abstract GrammarState? ChildEnded(int[] threads);

    /// <summary>The links of some threads as one sorted list.</summary>
    public static int[] Union(IEnumerable<int[]> links) => [.. links.SelectMany(l => l).Distinct().Order()];
}

/// <summary>The beginning and end of the text.</summary>
internal sealed class RootFrame(JsonLanguage language) : Frame(language, null)
{
    /// <inheritdoc/>
    public override GrammarState? ChildEnded(int[] threads) => new EndState(Language.Checks);
}

/// <summary>Behind the whole text.</summary>
internal sealed class EndState(bool allowsSpace) : GrammarState
{
    /// <inheritdoc/>
    public override bool IsAccepting => true;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) =>
        allowsSpace && value is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r' ? this : null;
}
