namespace LayerStream.Host.Server.Batches.Running;

/// <summary>What is to be answered.</summary>
/// <param name="InputPath">File of the requests.</param>
/// <param name="Endpoint">The path that they all have; null = any that a batch may ask.</param>
/// <param name="Scope">For whom they are made.</param>
/// <param name="MostRequests">How many there may be.</param>
internal sealed record BatchJob(string InputPath, string? Endpoint, string Scope, int MostRequests)
{
    /// <summary>Requests of a batch of the API.</summary>
    public const int UsualMost = 50_000;
}
