namespace LayerStream.Models.Spec;

/// <summary>Which earlier keys a query sees.</summary>
/// <param name="Keys">Length in keys, the query's own included; 0 = all.</param>
/// <param name="IsPieced">Whether it sees the piece [n·Keys, (n + 1)·Keys) that it is in, instead of the latest keys.</param>
public readonly record struct KeyWindow(int Keys, bool IsPieced = false)
{
    /// <summary>The first key that the query at a position sees; the last is its own.</summary>
    public int FirstKey(int position) => Keys == 0 ? 0 : IsPieced ? position / Keys * Keys : Math.Max(0, position - Keys + 1);

    /// <summary>The least position from which on no query sees a key in front of <paramref name="key"/>.</summary>
    public int FirstPosition(int key) => key == 0 ? 0 : Keys == 0 ? int.MaxValue
        : IsPieced ? checked((int)(((long)key + Keys - 1) / Keys * Keys)) : checked(key + Keys - 1);
}
