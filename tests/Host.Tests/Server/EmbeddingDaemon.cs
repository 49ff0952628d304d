namespace LayerStream.Host.Tests.Server;

/// <summary>The daemon with the model that comes with the program, whose file says that it makes embeddings by the mean.</summary>
public sealed class EmbeddingDaemon : ShippedDaemon
{
    private readonly string _folder = Directory.CreateTempSubdirectory("embedding-").FullName;

    public EmbeddingDaemon() => PooledModel.Write(ShippedModel.Path, ModelPath);

    protected override string ModelPath => Path.Combine(_folder, "SmolLM2.gguf");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
