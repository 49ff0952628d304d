using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The catalogue of a daemon that loads models by name, and which of them is loaded.</summary>
internal static class CatalogueEndpoint
{
    private const long SmallBodyBytes = 64 << 10;

    /// <summary>Every model with its plan, and the files that are none with the reason.</summary>
    public static Task ListAsync(HttpContext http, ServerState state) =>
        JsonReply.SendAsync(http, 200, ServedList.Of(state, Require(state)), ApiReportJson.Default.ServedModelsReport);

    /// <summary>Loads a model; answers when it is loaded.</summary>
    /// <exception cref="ApiException">404 for the name, or it cannot be loaded.</exception>
    public static async Task LoadAsync(HttpContext http, ServerState state)
    {
        ModelSwitch models = Require(state);
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, _ => SmallBodyBytes, null);
        await SendAsync(http, state, models.Resolve(asked.Served.Id));
    }

    /// <summary>Has a model unloaded when nobody uses it any more.</summary>
    /// <exception cref="ApiException">404 for the name.</exception>
    public static async Task UnloadAsync(HttpContext http, ServerState state)
    {
        ModelSwitch models = Require(state);
        (ServableModel model, _) = await NamedAsync(http, models);
        models.Unload(model);
        await SendAsync(http, state, model);
    }

    /// <summary>Deletes the files of a model.</summary>
    /// <exception cref="ApiException">403 unless it is allowed, 404 for the name, 409 for the loaded model.</exception>
    public static async Task DeleteAsync(HttpContext http, ServerState state)
    {
        ModelSwitch models = Require(state);
        if (!models.AllowsDelete)
        {
            throw new ApiException(403, "forbidden_error", "requests may not delete models here: 'layerstream rm' does, and the daemon's "
                + "--allow-delete lets requests do it", "delete_not_allowed");
        }

        (ServableModel model, string name) = await NamedAsync(http, models);
        if (model.Preset is not null || !(NameMatch.IsWholeName(model.Entry, name) || name.Equals(model.Id,
            StringComparison.OrdinalIgnoreCase)))
        {
            throw new ApiException(400, "invalid_request_error", $"deleting needs the whole name of a file's model: '{model.Id}' has "
                + $"{string.Join(", ", model.Entry.Aliases.Prepend(model.Entry.Name))}", "name_not_whole", "model");
        }

        if (models.StateOf(model) != "available")
        {
            throw new ApiException(409, "invalid_request_error", $"model '{model.Id}' is in use: unload it first", "model_in_use", "model");
        }

        ModelRemoval.Delete(model.Entry);
        http.Response.StatusCode = StatusCodes.Status200OK;
    }

    private static async Task<(ServableModel Model, string Name)> NamedAsync(HttpContext http, ModelSwitch models)
    {
        RequestGuard.RequireJson(http.Request);
        using RequestMemory.Holding memory = models.Bodies.Open();
        string name = RequestHead.Of(await RequestBody.ReadAsync(http, memory, SmallBodyBytes)).Model ?? "";
        return (models.Resolve(name), name.Trim());
    }

    private static Task SendAsync(HttpContext http, ServerState state, ServableModel model) =>
        JsonReply.SendAsync(http, 200, ServedList.Of(state, Require(state), model), ApiReportJson.Default.ServedModelReport);

    private static ModelSwitch Require(ServerState state) => state.Switch ?? throw new ApiException(501, "invalid_request_error",
        "this server was started with one model; with --models or --presets it loads others by name", "no_catalogue");
}
