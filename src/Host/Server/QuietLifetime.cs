using Microsoft.Extensions.Hosting;

namespace LayerStream.Host.Server;

/// <summary>Leaves signals to the daemon, which goes on listening while it drains.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
