using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The Ollama API.</summary>
internal static class OllamaEndpoint
{
    private const long SmallBodyBytes = 64 << 10;

    /// <summary>A chat answer.</summary>
    public static Task ChatAsync(HttpContext http, ServerState state) => AnswerAsync(http, state, OllamaMembers.Chat, isChat: true);

    /// <summary>An answer to one prompt.</summary>
    public static Task GenerateAsync(HttpContext http, ServerState state) =>
        AnswerAsync(http, state, OllamaMembers.Generate, isChat: false);

    /// <summary>The models.</summary>
    public static Task TagsAsync(HttpContext http, ServerState state) => ListAsync(http, state, isRunning: false);

    /// <summary>The models in memory.</summary>
    public static Task RunningAsync(HttpContext http, ServerState state) => ListAsync(http, state, isRunning: true);

    /// <summary>The version.</summary>
    public static Task VersionAsync(HttpContext http, ServerState state) => JsonReply.SendAsync(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", ProgramVersion.Text);
        json.WriteEndObject();
    });

    /// <summary>What is known of a model.</summary>
    public static async Task ShowAsync(HttpContext http, ServerState state)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(http, memory, SmallBodyBytes);
        string? name = null;
        BodyMember.ReadAll(body, member =>
        {
            if (member.Name is "model" or "name" && !member.IsNull)
            {
                using JsonDocument value = member.Parse();
                name = JsonFields.Text(value.RootElement, member.Name);
            }
        });
        ModelNames.Require(name, state.ModelId);
        await JsonReply.SendAsync(http, 200, json => WriteModel(json, model));
    }

    private static void WriteModel(Utf8JsonWriter json, LoadedModel model)
    {
        json.WriteStartObject();
        json.WriteString("modelfile", "");
        json.WriteString("parameters", "");
        json.WriteString("template", model.Template?.Source ?? "");
        json.WriteString("modified_at", OllamaJson.Time(model.Created));
        OllamaJson.Details(json, model);
        json.WriteStartObject("model_info");
        json.WriteString("general.architecture", model.Engine.Spec.Family);
        json.WriteNumber(model.Engine.Spec.Family + ".context_length", model.Engine.Spec.TrainedContext);
        json.WriteEndObject();
        json.WriteStartArray("capabilities");
        json.WriteStringValue("completion");
        json.WriteStringValue("tools");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task AnswerAsync(HttpContext http, ServerState state, RequestTranslation translation, bool isChat)
    {
        bool asksForNothing = false;
        try
        {
            await TranslatedAnswer.SendAsync(http, state, (body, _) => translation.Translate(body, root =>
            {
                asksForNothing = OllamaMembers.AsksForNothing(root);
                if (asksForNothing)
                {
                    ModelNames.Require(JsonParts.Text(root, "model", "request"), state.ModelId);
                    throw new OperationCanceledException();
                }
            }), prepared => new OllamaShape(prepared, isChat));
        }
        catch (OperationCanceledException) when (asksForNothing)
        {
            await JsonReply.SendAsync(http, 200, json => WriteLoaded(json, state, isChat));
        }
    }

    // The way of this API to ask that a model be loaded.
    private static void WriteLoaded(Utf8JsonWriter json, ServerState state, bool isChat)
    {
        json.WriteStartObject();
        json.WriteString("model", state.ModelId);
        json.WriteString("created_at", OllamaJson.Time(DateTimeOffset.UtcNow));
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response", "");
        }

        json.WriteBoolean("done", true);
        json.WriteString("done_reason", "load");
        json.WriteEndObject();
    }

    private static Task ListAsync(HttpContext http, ServerState state, bool isRunning) => JsonReply.SendAsync(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("models");
        if (state.Model is { } model)
        {
            OllamaJson.Model(json, model, isRunning);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
