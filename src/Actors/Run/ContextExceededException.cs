namespace LayerStream.Actors.Run;

/// <summary>A prompt that does not fit into the context.</summary>
public sealed class ContextExceededException(int promptTokens, int context)
    : Exception($"the prompt has {promptTokens} tokens, the context holds {context} with room for one answer token; shorten it or raise "
    + "--context")
{
    public int PromptTokens { get; } = promptTokens;

    public int Context { get; } = context;
}
