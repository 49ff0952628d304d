using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>
/// What stands around a value. A frame has threads, one for each way to understand what was written; links of an inner thread are
/// the numbers of the threads around it that it serves. Immutable.
/// </summary>
internal abstract class Frame(JsonLanguage language, Frame? parent)
{
    private List<(int[] Threads, int Needed)>? _behind;

    /// <summary>The language.</summary>
    public JsonLanguage Language { get; } = language;

    /// <summary>The frame around this one.</summary>
    public Frame? Parent { get; } = parent;

    /// <summary>How many frames are around.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>The state behind an inner value, or null.</summary>
    /// <param name="threads">Numbers of the threads that the value was right for, sorted; at least one.</param>
    public abstract JsonState? ChildEnded(int[] threads);

    /// <summary>Tokens with which a text can be ended behind an inner value.</summary>
    /// <param name="threads">As in <see cref="ChildEnded"/>.</param>
    /// <param name="costs">The costs; the same ones in every call.</param>
    public int NeededBehind(int[] threads, EndCosts costs)
    {
        _behind ??= [];
        foreach ((int[] known, int needed) in _behind)
        {
            if (known.AsSpan().SequenceEqual(threads))
            {
                return needed;
            }
        }

        int found = ChildEnded(threads)?.Needed(costs) ?? EndCosts.Far;
        _behind.Add((threads, found));
        return found;
    }

    /// <summary>The links of some threads as one sorted list.</summary>
    public static int[] Union(IEnumerable<int[]> links) => [.. links.SelectMany(l => l).Distinct().Order()];
}

/// <summary>The beginning and end of the text.</summary>
internal sealed class RootFrame(JsonLanguage language) : Frame(language, null)
{
    /// <inheritdoc/>
    public override JsonState? ChildEnded(int[] threads) => new EndState(Language);
}

/// <summary>Behind the whole text.</summary>
internal sealed class EndState(JsonLanguage language) : JsonState(language)
{
    private readonly bool _allowsSpace = language.Checks;

    /// <inheritdoc/>
    public override bool IsAccepting => true;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) => 0;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) =>
        _allowsSpace && value is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r' ? this : null;
}
