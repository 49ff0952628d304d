using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Where a JSON text stands.</summary>
internal abstract class JsonState(JsonLanguage language) : GrammarState
{
    /// <summary>Tokens with which the text can be ended; <see cref="EndCosts.Far"/> = not known.</summary>
    public abstract int Needed(EndCosts costs);

    /// <inheritdoc/>
    internal sealed override int Growth => language.Growth;

    /// <inheritdoc/>
    internal sealed override TextEnding? Ending(TokenCount count)
    {
        EndCosts? costs = language.CostsOf(count);
        return costs is null || Needed(costs) is not (< EndCosts.Far and int needed) ? null : new TextEnding(needed, costs.Growth);
    }
}
