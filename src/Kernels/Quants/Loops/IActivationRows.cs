namespace LayerStream.Kernels.Quants.Loops;

/// <summary>How many rows of activations a row of weights is multiplied with while it is unpacked.</summary>
internal interface IActivationRows
{
    /// <summary>Whether two, else one.</summary>
    static abstract bool AreTwo { get; }
}

/// <summary>One row.</summary>
internal struct OneRow : IActivationRows
{
    public static bool AreTwo => false;
}

/// <summary>Two rows: two tokens, or the digits of one.</summary>
internal struct TwoRows : IActivationRows
{
    public static bool AreTwo => true;
}

/// <summary>What belongs to the first of some rows of activations, and to the second if there is one.</summary>
internal struct PerRow<T>
{
    public T First, Second;
}
