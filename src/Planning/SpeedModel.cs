namespace LayerStream.Planning;

/// <summary>Predicts the time of one decode pass from bytes and rates: reads hide behind compute where the order of a pass allows it.</summary>
/// <param name="DenseBytes">Weights outside the experts that a pass uses.</param>
/// <param name="DenseStreamedBytes">Of them, read in every pass.</param>
/// <param name="RoutedBytes">Weights of the experts that a token is routed to.</param>
/// <param name="MissedBytes">Of them, read: known only when a layer's router has run.</param>
public readonly record struct SpeedModel(long DenseBytes, long DenseStreamedBytes, double RoutedBytes, double MissedBytes)
{
    /// <summary>
    /// Dense reads run on across layers and hide behind all compute. A layer's missed experts are read while its experts in memory and
    /// those that have arrived are computed, but not while its dense part is.
    /// </summary>
    /// <param name="deviceBytesPerSecond">What the device delivers.</param>
    /// <param name="kernelBytesPerSecond">Weights that all threads together multiply by.</param>
    public double SecondsPerToken(double deviceBytesPerSecond, double kernelBytesPerSecond)
    {
        double dense = DenseBytes / kernelBytesPerSecond, experts = RoutedBytes / kernelBytesPerSecond;
        double inOrder = dense + Math.Max(experts, MissedBytes / deviceBytesPerSecond);
        return Math.Max(inOrder, (DenseStreamedBytes + MissedBytes) / deviceBytesPerSecond);
    }
}
