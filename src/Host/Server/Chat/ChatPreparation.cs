using System.Collections.Frozen;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LayerStream.Host.Server.Chat;

/// <summary>Body → checked request and prompt ids.</summary>
internal static class ChatPreparation
{
    // A byte of text takes at most six in JSON (\u0000); the rest of a body is small.
    private const int JsonBytesPerByte = 6;
    private const int BodySlackBytes = 256 << 10;
    private const long MaxBodyBytes = 32L << 20;

    /// <summary>Reads the body, renders the template and encodes the prompt.</summary>
    /// <exception cref="ApiException">400 for whatever is wrong with the request.</exception>
    public static async Task<(ChatRequest Request, int[] Prompt)> PrepareAsync(HttpContext http, ServerState state, LoadedModel model)
    {
        CancellationToken ct = http.RequestAborted;
        RefuseHopelessBody(http, model);
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { MaxDepth = 64 }, ct);
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(null, $"the body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})", "invalid_json");
        }

        using (document)
        {
            ChatRequest request = ChatParameters.Read(document.RootElement, state, model.Options.Sampling);
            await state.Preparation.WaitAsync(ct);
            try
            {
                int[] prompt = Encode(Render(request, model), model);
                request.Messages = default;
                request.TemplateVariables = FrozenDictionary<string, JsonElement>.Empty;
                return (request, prompt);
            }
            finally
            {
                state.Preparation.Release();
            }
        }
    }

    private static RenderedPrompt Render(ChatRequest request, LoadedModel model)
    {
        try
        {
            return ChatPrompt.Render(model.RequireTokenizer(), model.Template, request.Messages, request.TemplateVariables);
        }
        catch (TemplateException e)
        {
            throw ApiException.Invalid("messages", $"the chat template refuses these messages: {e.Message}", "template_error");
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid("messages", "a text in 'messages' holds half of a surrogate pair", "invalid_string");
        }
    }

    private static int[] Encode(RenderedPrompt prompt, LoadedModel model)
    {
        int context = model.Engine.Context;
        if (prompt.Text.Length > LongestPromptBytes(model))
        {
            throw TooLong($"the prompt has {prompt.Text.Length} characters, more than {context} tokens of context can hold");
        }

        int[] ids = ChatPrompt.Encode(model.RequireTokenizer(), prompt);
        if (ids.Length == 0)
        {
            throw ApiException.Invalid("messages", "the prompt is empty", "empty_prompt");
        }

        return ids.Length < context
            ? ids
            : throw TooLong($"the prompt has {ids.Length} tokens, the context holds {context} with room for one answer token");
    }

    // A body whose text cannot fit into the context is not read: its memory is not in the budget.
    private static void RefuseHopelessBody(HttpContext http, LoadedModel model)
    {
        long limit = (LongestPromptBytes(model) * JsonBytesPerByte) + BodySlackBytes;
        long length = http.Request.ContentLength ?? 0;
        if (length > limit && length <= MaxBodyBytes)
        {
            throw TooLong($"a body of {length} bytes is more than {model.Engine.Context} tokens of context can hold");
        }

        IHttpMaxRequestBodySizeFeature? size = http.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (size is { IsReadOnly: false })
        {
            size.MaxRequestBodySize = Math.Min(limit, MaxBodyBytes);
        }
    }

    private static long LongestPromptBytes(LoadedModel model) => (long)model.Engine.Context * model.LongestTokenBytes;

    private static ApiException TooLong(string message) => ApiException.Invalid("messages", message, "context_length_exceeded");
}
