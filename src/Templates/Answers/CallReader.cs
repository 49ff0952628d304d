namespace LayerStream.Templates.Answers;

/// <summary>Reads what stands behind the opening of a call, character by character.</summary>
internal abstract class CallReader
{
    /// <summary>Takes a character.</summary>
    public abstract ReadStep Take(char c);

    /// <summary>The answer has ended: whether nothing was left open.</summary>
    public abstract bool End();
}
