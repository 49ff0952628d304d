using LayerStream.Host.Server.Http;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Everything the daemon answers. A new endpoint is a file and a row.</summary>
internal static class EndpointTable
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Endpoint> Rows { get; } =
    [
        new("GET", "/", true, "the page", PageEndpoint.IndexAsync),
        new("GET", "/page/", true, "parts of the page", PageEndpoint.PartAsync),
        new("GET", "/openapi.json", true, "this API as an OpenAPI document", PageEndpoint.DescriptionAsync),
        new("GET", "/health", true, "200 when requests are served; 503 with `status` loading (and progress), draining or failed (and the "
            + "reason)", HealthEndpoint.ReadyAsync),
        new("GET", "/health/ready", true, "the same", HealthEndpoint.ReadyAsync),
        new("GET", "/health/live", true, "200 as long as the process answers", HealthEndpoint.LiveAsync),
        new("GET", "/v1/models", false, "the models with state, plan and aliases; the loaded one with its context length",
            ModelsEndpoint.ListAsync),
        new("GET", "/v1/models/", false, "one model by any spelling of its name", ModelsEndpoint.OneAsync),
        new("POST", "/v1/chat/completions", false, "a chat answer, whole or as server-sent events", ChatCompletionsEndpoint.HandleAsync),
        new("POST", "/v1/completions", false, "completions of prompts as they are, whole or as server-sent events",
            CompletionsEndpoint.HandleAsync),
        new("POST", "/v1/responses", false, "the responses API", ResponsesEndpoint.HandleAsync),
        new("GET", "/v1/responses/", false, "a stored response, or the items in front of it: `/v1/responses/{id}/input_items` with "
            + "`order`, `limit` and `after`", ResponsesEndpoint.FindAsync),
        new("DELETE", "/v1/responses/", false, "forgets a stored response", ResponsesEndpoint.DeleteAsync),
        new("POST", "/v1/messages", false, "the Anthropic messages API", MessagesEndpoint.HandleAsync),
        new("POST", "/v1/messages/count_tokens", false, "tokens of the prompt that such a request has", MessagesEndpoint.CountAsync),
        new("POST", "/v1/embeddings", false, "vectors of texts, by models that are made for it; refused with 501 by others",
            EmbeddingsEndpoint.HandleAsync),
        new("POST", "/v1/score", false, "probabilities of given answers to many questions, without generating (`docs/batches.md`)",
            ScoreEndpoint.HandleAsync),
        new("POST", "/v1/files", false, "keeps a file: a multipart form with `file`, `purpose` (`batch`, `user_data`), "
            + "`expires_after[anchor]` and `expires_after[seconds]` (it stays while a batch reads it); needs `--files-dir`, as "
            + "all of files and batches",
            FilesEndpoint.UploadAsync),
        new("GET", "/v1/files", false, "the files, with `purpose`, `order`, `limit` and `after`", FilesEndpoint.ListAsync),
        new("GET", "/v1/files/", false, "a file, or its bytes: `/v1/files/{id}/content`", FilesEndpoint.FindAsync),
        new("DELETE", "/v1/files/", false, "forgets a file", FilesEndpoint.DeleteAsync),
        new("POST", "/v1/batches", false, "has the requests of a file answered in the background (`docs/batches.md`)",
            BatchesEndpoint.CreateAsync),
        new("GET", "/v1/batches", false, "the batches, with `limit` and `after`", BatchesEndpoint.ListAsync),
        new("GET", "/v1/batches/", false, "one batch", BatchesEndpoint.FindAsync),
        new("POST", "/v1/batches/", false, "ends a batch: `/v1/batches/{id}/cancel`", BatchesEndpoint.CancelAsync),
        new("POST", "/api/chat", false, "the Ollama API: a chat answer, as lines of JSON unless `stream` is false",
            OllamaEndpoint.ChatAsync),
        new("POST", "/api/generate", false, "the same for one prompt", OllamaEndpoint.GenerateAsync),
        new("GET", "/api/tags", false, "the models", OllamaEndpoint.TagsAsync),
        new("GET", "/api/ps", false, "the models in memory", OllamaEndpoint.RunningAsync),
        new("POST", "/api/show", false, "what is known of a model", OllamaEndpoint.ShowAsync),
        new("DELETE", "/api/delete", false, "deletes the files of a model that is not loaded; needs `--allow-delete`",
            CatalogueEndpoint.DeleteAsync),
        new("GET", "/api/version", true, "the version", OllamaEndpoint.VersionAsync),
        new("POST", "/api/embed", false, "as `/v1/embeddings`", EmbeddingsEndpoint.OllamaAsync),
        new("POST", "/api/embeddings", false, "the same for one text", EmbeddingsEndpoint.OllamaPromptAsync),
        new("POST", "/tokenize", false, "ids of `content`; `add_special`, `parse_special`, `with_pieces`", TokenizeEndpoint.EncodeAsync),
        new("POST", "/detokenize", false, "the text of `tokens`", TokenizeEndpoint.DecodeAsync),
        new("POST", "/apply-template", false, "the prompt of a chat completion request", TemplateEndpoint.HandleAsync),
        new("GET", "/props", false, "model, chat template, context, sampling, build", PropsEndpoint.PropertiesAsync),
        new("GET", "/slots", false, "what every running request is doing", PropsEndpoint.SlotsAsync),
        new("GET", "/metrics", false, "figures as Prometheus text", MetricsEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/status", false, "plan, accounts of memory, engine, queue", StatusEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/models", false, "every model that can be loaded, with facts, plan and state, and files that cannot",
            CatalogueEndpoint.ListAsync),
        new("POST", "/v1/layerstream/models/load", false, "loads `model`; answers when it is loaded", CatalogueEndpoint.LoadAsync),
        new("POST", "/v1/layerstream/models/unload", false, "unloads `model` when nobody uses it any more", CatalogueEndpoint.UnloadAsync),
        new("GET", "/v1/layerstream/requests", false, "own requests that wait or run, with their progress",
            RequestsEndpoint.ListAsync),
        new("DELETE", "/v1/layerstream/requests/", false, "cancels an own request by its id; its client gets 410 or, in a stream, an error",
            RequestsEndpoint.CancelAsync),
        new("GET", "/v1/layerstream/plan", false, "predicted speed against the memory budget, and the knee of that curve",
            PlanEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/trace", false, "events of the last passes; `format` = lstr, chrome, otlp or json",
            TraceEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/trace/live", false, "events as they happen, as server-sent events", LiveTraceEndpoint.HandleAsync),
    ];

    /// <summary>The row for a request; HEAD is answered wherever GET is.</summary>
    /// <exception cref="ApiException">404 for the path, 405 for the method.</exception>
    public static Endpoint Find(string method, string path)
    {
        Endpoint[] rows = [.. Rows.Where(r => r.Serves(path))];
        if (rows.Length == 0)
        {
            string? near = Rows.Any(r => r.Serves("/v1" + path)) ? "/v1" + path : null;
            throw new ApiException(404, "invalid_request_error", near is null ? "there is nothing at this path"
                : $"there is nothing at this path; the API is under /v1, here {near}", "not_found");
        }

        string asked = HttpMethods.IsHead(method) ? "GET" : method;
        return Array.Find(rows, r => r.Method == asked)
            ?? throw new ApiException(405, "invalid_request_error", "this path does not take this method", "method_not_allowed")
            {
                Allow = string.Join(", ", MethodsOf(path)),
            };
    }

    /// <summary>Methods that a path takes.</summary>
    public static IEnumerable<string> MethodsOf(string path) =>
        Rows.Where(r => r.Serves(path)).SelectMany(r => r.Method == "GET" ? (string[])["GET", "HEAD"] : [r.Method]).Append("OPTIONS");
}
