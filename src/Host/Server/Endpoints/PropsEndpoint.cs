using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>What is served, and what its requests are doing, in the form that tools for llama.cpp read.</summary>
internal static class PropsEndpoint
{
    /// <summary>Model, template, context, build. No path leaves the machine.</summary>
    public static async Task PropertiesAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        LoadedModel model = hold.Served.Model;
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("default_generation_settings");
            json.WriteNumber("n_ctx", model.Engine.Context);
            WriteSampling(json, model.Options.Sampling);
            json.WriteEndObject();
            json.WriteNumber("total_slots", state.Admission.Turns);
            json.WriteString("model_alias", hold.Served.Id);
            json.WriteString("model_path", Path.GetFileName(model.Options.ModelPath));
            json.WriteString("model_ftype", model.Engine.Spec.Family);
            json.WriteStartObject("modalities");
            json.WriteBoolean("vision", false);
            json.WriteBoolean("audio", false);
            json.WriteEndObject();
            json.WriteString("chat_template", model.Template?.Source ?? "");
            json.WriteString("bos_token", model.Tokenizer?.BosText ?? "");
            json.WriteString("eos_token", model.Tokenizer?.EosText ?? "");
            json.WriteString("build_info", "layerstream " + ProgramVersion.Text);
            json.WriteEndObject();
        });
    }

    /// <summary>A slot for each request that may run, with what is done in it.</summary>
    public static async Task SlotsAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        LoadedModel model = hold.Served.Model;
        IReadOnlyList<SlotFigures> running = state.Admission.Slots();
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartArray();
            for (int i = 0; i < Math.Max(running.Count, state.Admission.Turns); i++)
            {
                WriteSlot(json, i, i < running.Count ? running[i] : null, model.Engine.Context);
            }

            json.WriteEndArray();
        });
    }

    private static void WriteSlot(Utf8JsonWriter json, int id, SlotFigures? slot, int context)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteNumber("n_ctx", context);
        json.WriteBoolean("is_processing", slot is not null);
        if (slot is not null)
        {
            json.WriteString("state", slot.DecodedTokens > 0 ? "decoding" : "reading");
            json.WriteNumber("n_prompt_tokens", slot.PromptTokens);
            json.WriteNumber("n_prompt_tokens_processed", slot.ReadTokens);
            json.WriteNumber("n_decoded", slot.DecodedTokens);
            json.WriteNumber("seconds", Math.Round(slot.Seconds, 3));
        }

        json.WriteEndObject();
    }

    private static void WriteSampling(Utf8JsonWriter json, SamplingOptions sampling)
    {
        json.WriteStartObject("params");
        json.WriteNumber("temperature", sampling.Temperature);
        json.WriteNumber("top_k", sampling.TopK);
        json.WriteNumber("top_p", sampling.TopP);
        json.WriteNumber("min_p", sampling.MinP);
        json.WriteNumber("repeat_penalty", sampling.RepeatPenalty);
        json.WriteEndObject();
    }
}
