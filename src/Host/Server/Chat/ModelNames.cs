using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;

namespace LayerStream.Host.Server.Chat;

/// <summary>Names of the served model as people type them.</summary>
internal static class ModelNames
{
    private const string Latest = ":latest";

    /// <summary>Whether a name means the model: without case, without owner, without <c>:latest</c> or <c>.gguf</c>; none, empty and
    /// <c>default</c> mean it too.</summary>
    public static bool Mean(string? name, string modelId)
    {
        string plain = (name ?? "").Trim();
        plain = plain[(plain.LastIndexOf('/') + 1)..];
        plain = Without(Without(plain, Latest), ".gguf");
        return NamedModel.IsNone(plain) || plain.Equals(modelId, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Refuses other names than that of the loaded model.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static void Require(string? name, ServerState state)
    {
        string modelId = state.ModelId;
        bool isIt = state.Switch is { } models ? models.Resolve(name).Id.Equals(modelId, StringComparison.OrdinalIgnoreCase)
            : Mean(name, modelId);
        if (!isIt)
        {
            throw new ApiException(404, "invalid_request_error", $"there is no such model here; this server has '{modelId}'",
                "model_not_found", "model");
        }
    }

    private static string Without(string name, string ending) =>
        name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? name[..^ending.Length] : name;
}
