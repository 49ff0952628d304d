namespace LayerStream.Sampling;

/// <summary>Adds the request's bias to single logits.</summary>
internal sealed class LogitBiasStep : ISamplerStep
{
    private readonly int[] _ids;
    private readonly float[] _biases;

    public LogitBiasStep(SamplingOptions options)
    {
        _ids = [.. options.LogitBias!.Keys];
        _biases = [.. _ids.Select(id => options.LogitBias[id])];
    }

    public string Name => "logit_bias";

    public void Apply(SamplerContext context)
    {
        for (int i = 0; i < _ids.Length; i++)
        {
            if (_ids[i] < context.Logits.Length)
            {
                context.Logits[_ids[i]] += _biases[i];
            }
        }
    }
}
