namespace LayerStream.Kernels.Ops;

/// <summary>How a router's logits become the weights of the chosen experts.</summary>
public enum RouterWeighting
{
    /// <summary>Softmax over all experts.</summary>
    Softmax,

    /// <summary>1 / (1 + e^-logit).</summary>
    Sigmoid,

    /// <summary>√ ln(1 + e^logit).</summary>
    SqrtSoftplus,

    /// <summary>Softmax over the chosen experts; they are chosen by logit.</summary>
    SelectedSoftmax,
}
