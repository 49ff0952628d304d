namespace LayerStream.Models.Spec;

/// <summary>Which earlier keys a query sees.</summary>
/// <param name="Keys">Length in keys, the query's own included; 0 = all.</param>
/// <param name="IsPieced">Whether it sees the piece [n·Keys, (n + 1)·Keys) that it is in, instead of the latest keys.</param>
public readonly record struct KeyWindow(int Keys, bool IsPieced = false)
{
    /// <summary>The first key that the query at a position sees; the last is its own.</summary>
    public int FirstKey(int position) => Keys == 0 ? 0 : IsPieced ? position / Keys * Keys : Math.Max(0, position - Keys + 1);
}
