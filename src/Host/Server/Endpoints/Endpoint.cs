using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>A row of the endpoint table.</summary>
/// <param name="Method">GET, POST or DELETE.</param>
/// <param name="Path">The path; a row that ends in <c>/</c> takes what follows as a name, but for the root.</param>
/// <param name="IsPublic">Whether it answers without a key.</param>
/// <param name="Note">What it is, for the documentation.</param>
/// <param name="Handle">The answer; <see cref="ApiException"/> for refusals.</param>
internal sealed record Endpoint(string Method, string Path, bool IsPublic, string Note, Func<HttpContext, ServerState, Task> Handle)
{
    /// <summary>Whether a name follows the path.</summary>
    public bool TakesName => Path.Length > 1 && Path.EndsWith('/');

    /// <summary>Whether this row serves a path.</summary>
    public bool Serves(string path) => TakesName
        ? path.Length > Path.Length && path.StartsWith(Path, StringComparison.Ordinal)
        : path == Path;
}
