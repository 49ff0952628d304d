using LayerStream.Host.Server.Http;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Server.Service;

/// <summary>Which model a request means by a name.</summary>
internal static class NamedModel
{
    private const string Default = "default";

    /// <summary>The model. No name, an empty one and <c>default</c> mean the loaded one, else the one that the daemon was started with,
    /// else the only one there is.</summary>
    /// <exception cref="ApiException">404: no model has the name, or several do.</exception>
    public static ServableModel Of(ModelSwitch models, string? name)
    {
        string plain = (name ?? "").Trim();
        if (IsNone(plain))
        {
            return models.Current ?? models.Models.Default ?? (models.Models.All() is [var only] ? only
                : throw Unknown("name a model: none is loaded, and GET /v1/models lists those there are"));
        }

        try
        {
            return models.Models.Find(plain) ?? throw Unknown(models.Models.Near(plain) is { Count: > 0 } near
                ? $"there is no such model here; near it: {string.Join(", ", near)}"
                : "there is no such model here; GET /v1/models lists those there are");
        }
        catch (UsageException e)
        {
            throw Unknown(e.Message);
        }
    }

    /// <summary>Whether a trimmed name names no model in particular.</summary>
    public static bool IsNone(string plain) => plain.Length == 0 || plain.Equals(Default, StringComparison.OrdinalIgnoreCase);

    private static ApiException Unknown(string message) => new(404, "invalid_request_error", message, "model_not_found", "model");
}
