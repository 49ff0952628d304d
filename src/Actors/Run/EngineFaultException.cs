namespace LayerStream.Actors.Run;

/// <summary>A stage failed in a way no request can cause; the request it was serving failed, the engine goes on.</summary>
public sealed class EngineFaultException(string stage, Exception? inner)
    : Exception($"the {stage} stage failed: {inner?.Message ?? "stopped"}", inner)
{
    public string Stage { get; } = stage;
}
