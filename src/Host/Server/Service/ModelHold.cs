namespace LayerStream.Host.Server.Service;

/// <summary>Somebody's hold of a loaded model: as long as it lasts, the model stays in memory.</summary>
internal sealed class ModelHold(ServedModel served, bool isUser) : IDisposable
{
    private int _hasEnded;

    /// <summary>The model.</summary>
    public ServedModel Served => served;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            served.Leave(isUser);
        }
    }
}
