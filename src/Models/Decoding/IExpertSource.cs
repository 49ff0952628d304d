namespace LayerStream.Models.Decoding;

/// <summary>Hands a pass the experts its router chose; behind it stands the ring, or plain memory in tests.</summary>
public interface IExpertSource
{
    /// <summary>
    /// Announces the experts that the rows of the pass chose in a layer. The missing ones start on their way; every one must then be
    /// taken once before the next layer announces its own.
    /// </summary>
    /// <param name="bank">Id of the layer's bank.</param>
    /// <param name="experts">Distinct experts, ascending; at least one.</param>
    /// <param name="weights">Sum over the rows of the router's weights for each of them: evidence for what to keep.</param>
    void Demand(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights);

    /// <summary>Whether an expert is in memory now, so that demanding it reads nothing.</summary>
    bool IsResident(int bank, int expert);

    /// <summary>Whether a prediction of a bank's experts would be put to use; asked once its predecessor has demanded, and at the start of
    /// its layer.</summary>
    bool WantsPrediction(int bank) => false;

    /// <summary>
    /// Tells which experts a layer will probably demand, before it does. Only reads may follow from it: what is demanded, and with it every
    /// result, comes from the layer's own routing.
    /// </summary>
    /// <param name="bank">Id of the layer's bank.</param>
    /// <param name="experts">Distinct experts, ascending.</param>
    /// <param name="weights">Weights that the router would give them.</param>
    /// <param name="early">While the layer before is still at work: the reads go behind those that it waits for. A later prediction
    /// replaces this one.</param>
    void Predict(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, bool early)
    {
    }

    /// <summary>Waits for a demanded expert that was not taken yet: those in memory first, then the others as they arrive.</summary>
    ExpertLease Take();

    /// <summary>Whether <see cref="Take"/> would hand out one that is in memory without waiting, so that it can be held along with
    /// others.</summary>
    bool HasReady => false;

    /// <summary>The pass is done with the expert for all its rows.</summary>
    void Release(in ExpertLease lease);
}
