namespace LayerStream.Kernels.Crew;

/// <summary>Work over the indices [0, count) that a <see cref="ComputeCrew"/> splits into ranges.</summary>
public abstract class CrewJob
{
    /// <summary>Does the indices [<paramref name="begin"/>, <paramref name="end"/>), at most one grain of them.</summary>
    /// <param name="begin">First index.</param>
    /// <param name="end">Index after the last.</param>
    /// <param name="worker">Crew member running the range, 0 = the caller of Run; selects scratch space.</param>
    /// <remarks>Which member gets which range is not deterministic: results must not depend on <paramref name="worker"/>.</remarks>
    public abstract void Execute(int begin, int end, int worker);
}
