using System.Buffers;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using LayerStream.Session;
using LayerStream.Session.Reports;
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

    /// <summary>What is known of a model, loaded or not.</summary>
    public static async Task ShowAsync(HttpContext http, ServerState state)
    {
        RequestGuard.RequireJson(http.Request);
        using ModelHold? hold = state.Served?.TryWatch();
        using RequestMemory.Holding memory = (hold?.Served.Memory ?? state.Switch?.Bodies ?? throw ServerState.Loading).Open();
        string? name = RequestHead.Of(await RequestBody.ReadAsync(http, memory, SmallBodyBytes)).Model;
        if (state.Switch is { } models && models.Resolve(name) is { } model && model.Id != hold?.Served.Id)
        {
            await JsonReply.SendAsync(http, 200, json => OllamaModels.Show(json, model, models.Models.Report(model)));
            return;
        }

        ModelNames.Require(name, state);
        LoadedModel loaded = hold?.Served.Model ?? throw ServerState.Loading;
        await JsonReply.SendAsync(http, 200, json => OllamaModels.Show(json, loaded));
    }

    private static async Task AnswerAsync(HttpContext http, ServerState state, RequestTranslation translation, bool isChat)
    {
        bool asksForNothing = false, isCompletion = false;
        KeepAlive? keep = null;
        string name = state.ModelId;
        try
        {
            await TranslatedAnswer.SendAsync(http, state, (body, _) => translation.Translate(body, root =>
            {
                asksForNothing = OllamaMembers.AsksForNothing(root);
                isCompletion = !isChat && OllamaMembers.IsCompletion(root);
                keep = OllamaMembers.KeepAliveOf(root);
                name = state.ModelId;
                if (asksForNothing)
                {
                    ModelNames.Require(JsonParts.Text(root, "model", "request"), state);
                    throw new OperationCanceledException();
                }
            }), prepared => new OllamaShape(prepared, isChat), head => FormOf(head, isChat), body => LeaveAlone(body, state, root =>
            {
                (asksForNothing, keep) = (true, OllamaMembers.KeepAliveOf(root));
                name = state.Switch!.Resolve(JsonParts.Text(root, "model", "request")).Id;
                throw new OperationCanceledException();
            }), (body, server, model, memory, ct) => isCompletion ? CompletionPreparation.PrepareOneAsync(body, server, model, memory, ct)
                : ChatPreparation.PrepareAsync(body, server, model, memory, ct));
        }
        catch (OperationCanceledException) when (asksForNothing)
        {
            string reason = state.Switch is not null && keep is { IsOver: true } ? "unload" : "load";
            await SendAsync(http, json => OllamaShape.WriteEmpty(json, name, isChat, reason));
        }
        finally
        {
            Keep(state, name, keep);
        }
    }

    // Behind signs of life, if there were some.
    private static async Task SendAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        if (ModelRequest.Of(http)?.Sink is not { } sink)
        {
            await JsonReply.SendAsync(http, 200, write);
            return;
        }

        ArrayBufferWriter<byte> line = new(256);
        JsonReply.WriteLine(line, write);
        sink.Send(line.WrittenSpan);
        await sink.CompleteAsync();
    }

    // A model that is to be unloaded is not loaded for that.
    private static void LeaveAlone(ReadOnlyMemory<byte> body, ServerState state, Action<JsonElement> unload)
    {
        if (state.Switch is null || body.Length > SmallBodyBytes)
        {
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = BodyMember.MostDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object && OllamaMembers.AsksForNothing(document.RootElement)
                && OllamaMembers.KeepAliveOf(document.RootElement) is { IsOver: true })
            {
                unload(document.RootElement);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is wrong with it is said by who reads it in full.
        }
    }

    private static void Keep(ServerState state, string name, KeepAlive? keep)
    {
        if (keep is null || state.Switch is not { } models || models.Models.Find(name) is not { } model)
        {
            return;
        }

        if (keep.IsOver)
        {
            models.Unload(model);
        }
        else
        {
            models.Keep(model, keep.Time);
        }
    }

    private static WaitingForm FormOf(RequestHead head, bool isChat) => head.Streams == false ? WaitingForm.Whole(OllamaJson.Error)
        : WaitingForm.Lines(json => OllamaShape.WriteEmpty(json, head.Model ?? "", isChat, doneReason: null), OllamaJson.Error);

    private static async Task ListAsync(HttpContext http, ServerState state, bool isRunning)
    {
        using ModelHold? hold = state.Served?.TryWatch();
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("models");
            if (state.Switch is { } models)
            {
                WriteListed(json, state, models, hold?.Served, isRunning);
            }
            else if (hold is not null)
            {
                OllamaModels.Write(json, hold.Served.Model, isRunning);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void WriteListed(Utf8JsonWriter json, ServerState state, ModelSwitch models, ServedModel? served, bool isRunning)
    {
        foreach (ServedModelReport model in ServedList.Of(state, models).Models.Where(m => m.State != "unusable"))
        {
            bool isServed = model.Id == served?.Id;
            if (isServed || !isRunning)
            {
                DateTimeOffset? expires = models.KeepTime is { } time ? (served?.IdleSince ?? DateTime.UtcNow) + time : null;
                OllamaModels.Write(json, model, isRunning ? served!.Model.Engine.Context : null, expires);
            }
        }
    }
}
