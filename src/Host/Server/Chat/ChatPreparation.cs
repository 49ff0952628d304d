using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Session.Calls;
using LayerStream.Templates;
using LayerStream.Templates.Answers;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Server.Chat;

/// <summary>Body → checked request and prompt ids.</summary>
internal static class ChatPreparation
{
    // A byte of text takes at most six in JSON (\u0000); the rest of a body is small.
    private const int JsonBytesPerByte = 6;
    private const int BodySlackBytes = 256 << 10;

    /// <summary>Of rendering and encoding a byte: the text as UTF-16 in messages, template and prompt, and the tokenizer's
    /// pieces.</summary>
    public const int WorkBytesPerByte = 12;

    /// <summary>Of a token of a prompt.</summary>
    public const int BytesPerId = 4;

    /// <summary>Longest body that can hold a prompt of this context.</summary>
    public static long LimitBytes(LoadedModel model) => (LongestPromptBytes(model) * JsonBytesPerByte) + BodySlackBytes;

    /// <summary>Checks the request, renders the template and encodes the prompt; afterwards <paramref name="memory"/> holds the prompt
    /// only.</summary>
    /// <exception cref="ApiException">400 for whatever is wrong with the request; 413 or 429 when the work does not fit.</exception>
    public static Task<(ChatRequest Request, int[] Prompt, AnswerOpening Opening)> PrepareAsync(
        ReadOnlyMemory<byte> body, ServerState state, LoadedModel model, RequestMemory.Holding memory, CancellationToken ct)
    {
        return state.PrepareAsync(() =>
        {
            using ChatRequest request = Read(body, state, model, memory);
            long grammarBytes = request.Grammar is null && !request.HoldsCalls ? 0 : Grammar.HeldBytes * request.Choices;
            memory.Grow(grammarBytes, "the grammar of the answer");
            RenderedPrompt rendered = Render(request, model, memory);
            (rendered, AnswerOpening opening) = Open(rendered, request, model.AnswerFormat);
            AnswerThought? thought = opening.Begun is not null ? null
                : AnswerThoughts.Of(model.RequireTokenizer(), rendered, model.AnswerFormat);
            request.Thought = request.Grammar is null ? null : thought;
            request.ThoughtBudget = thought is not null && (request.ForbidsThought ? 0 : request.ThoughtTokens) is { } tokens
                ? AnswerThoughts.Bound(model.RequireTokenizer(), model.AnswerFormat, thought, tokens) : null;
            DemandedCalls.Hold(request, opening, model);
            int[] prompt = Encode(rendered, model);
            memory.ShrinkTo(ReplySink.WindowBytes + ((long)prompt.Length * BytesPerId) + grammarBytes);
            return (request, prompt, opening);
        }, ct);
    }

    /// <summary>The prompt of a request as text.</summary>
    /// <exception cref="ApiException">As <see cref="PrepareAsync"/>.</exception>
    public static Task<string> RenderAsync(ReadOnlyMemory<byte> body, ServerState state, LoadedModel model,
        RequestMemory.Holding memory, CancellationToken ct)
    {
        return state.PrepareAsync(() =>
        {
            using ChatRequest request = Read(body, state, model, memory);
            return Open(Render(request, model, memory), request, model.AnswerFormat).Prompt.Text;
        }, ct);
    }

    private static ChatRequest Read(ReadOnlyMemory<byte> body, ServerState state, LoadedModel model, RequestMemory.Holding memory)
    {
        ChatRequest request = ChatParameters.Read(body, state, model.Options.Sampling, memory);
        long textBytes = request.TextBytes;
        if (textBytes > LongestPromptBytes(model) * JsonBytesPerByte)
        {
            throw TooLong($"its {textBytes} bytes", model);
        }

        memory.Grow(textBytes * WorkBytesPerByte, "the prompt");
        return request;
    }

    // A call that is demanded begins in the prompt, behind the end of a thought that the template has opened.
    private static (RenderedPrompt Prompt, AnswerOpening Opening) Open(RenderedPrompt prompt, ChatRequest request, AnswerFormat format)
    {
        bool opensThought = !request.ContinuesFinal && format.OpensThought(prompt.Text);
        if (opensThought && request.ForbidsThought)
        {
            prompt = prompt with { Text = prompt.Text + format.Thought.Close + "\n\n" }; // a template without a switch
            opensThought = false;
        }

        if (request.ToolChoice is not (ToolDemand.Required or ToolDemand.Named))
        {
            return (prompt, new AnswerOpening(format, request.Tools, opensThought));
        }

        if (CallOpening.Of(prompt, format, request.ToolChoice == ToolDemand.Named ? request.DemandedTool : null) is not { } opened)
        {
            throw ApiException.Invalid("tool_choice", "this model's form of calls cannot be demanded: give 'tool_choice' as auto or none",
                "unsupported_parameter");
        }

        request.Grammar = null; // it says what an answer must be that is no call
        return (opened.Prompt, new AnswerOpening(format, request.Tools, false, opened.Begun));
    }

    private static Dictionary<string, JsonElement> Variables(ChatRequest request)
    {
        Dictionary<string, JsonElement> variables = [];
        string? effort = request.Thinks == false ? ChatRequest.NoEffort : request.ReasoningEffort;
        if (effort is not null || request.Thinks is not null)
        {
            variables["enable_thinking"] = variables["thinking"] = JsonSerializer.SerializeToElement(effort != ChatRequest.NoEffort);
        }

        if (effort is not (null or ChatRequest.NoEffort))
        {
            variables["reasoning_effort"] = JsonSerializer.SerializeToElement(effort);
        }

        foreach ((string name, JsonElement value) in request.TemplateVariables)
        {
            variables[name] = value;
        }

        return variables;
    }

    // The preset's system message in front of a conversation that has none of its own.
    private static JsonElement Instructed(JsonElement messages, string? system, RequestMemory.Holding memory)
    {
        if (system is null || messages.ValueKind != JsonValueKind.Array || messages.EnumerateArray().Any(IsInstruction))
        {
            return messages;
        }

        return MessageCopy.Write(messages, memory, (long)system.Length * JsonBytesPerByte, json =>
        {
            MessageJson.Text(json, ChatMessage.SystemRole, system);
            foreach (JsonElement message in messages.EnumerateArray())
            {
                message.WriteTo(json);
            }
        });
    }

    private static bool IsInstruction(JsonElement message) => message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String
        && role.GetString() is ChatMessage.SystemRole or "developer";

    private static RenderedPrompt Render(ChatRequest request, LoadedModel model, RequestMemory.Holding memory)
    {
        try
        {
            RenderedPrompt prompt =
                ChatPrompt.Render(model.RequireTokenizer(), model.Template,
                    Instructed(request.Messages, model.Options.SystemPrompt, memory), Variables(request),
                    opensAnswer: !request.ContinuesFinal, tools: request.ToolList.Count > 0 ? request.ToolList : null);
            return request.ContinuesFinal ? ContinuedMessage.Cut(prompt, request) : prompt;
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
        if (prompt.Text.Length > LongestPromptBytes(model))
        {
            throw TooLong($"{prompt.Text.Length} characters", model);
        }

        int[] ids = ChatPrompt.Encode(model.RequireTokenizer(), prompt, model.Options.ParseMessages);
        if (ids.Length == 0)
        {
            throw ApiException.Invalid("messages", "the prompt is empty", "empty_prompt");
        }

        return ids.Length < model.Engine.Context ? ids : throw TooLong($"{ids.Length} tokens", model);
    }

    private static long LongestPromptBytes(LoadedModel model) => (long)model.Engine.Context * model.LongestTokenBytes;

    // Agents shorten their history when they read these words.
    internal static ApiException TooLong(string what, LoadedModel model, string param = "messages") => ApiException.Invalid(
        param,
        $"This model's maximum context length is {model.Engine.Context} tokens, and the prompt exceeds the available context size: it "
            + $"has {what}, and one token of the answer needs room too",
        "context_length_exceeded");
}
