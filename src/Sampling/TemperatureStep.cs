namespace LayerStream.Sampling;

/// <summary>Divides the logits by the temperature, measured from the best one so that no quotient can overflow upwards.</summary>
internal sealed class TemperatureStep(SamplingOptions options) : ISamplerStep
{
    private readonly float _temperature = options.Temperature;

    public string Name => "temperature";

    public void Apply(SamplerContext context)
    {
        context.Candidates.Take(context.Logits);
        float best = context.Candidates.Best();
        foreach (ref float value in context.Candidates.Values)
        {
            value = (value - best) / _temperature;
        }
    }
}
