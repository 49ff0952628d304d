using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Session.Calls;
using LayerStream.Templates;
using LayerStream.Templates.Answers;

namespace LayerStream.Engine;

/// <summary>A request as the engine takes it, and what the parser of its answer must know.</summary>
/// <param name="Request">The generation.</param>
/// <param name="Format">How the model writes thoughts and calls.</param>
/// <param name="Tools">Tools that may be called.</param>
/// <param name="OpensThought">Whether the prompt ends inside a thought.</param>
/// <param name="Begun">The beginning of a demanded call, which stands in the prompt.</param>
internal sealed record PreparedAnswer(
    GenerationRequest Request, AnswerFormat Format, OfferedTools Tools, bool OpensThought, string Begun)
{
    private const string AnyObject = """{"type":"object"}""";

    /// <summary>Renders, encodes and makes the grammar. Errors: as <see cref="LanguageModel.AnswerAsync"/>.</summary>
    public static PreparedAnswer Of(LoadedModel model, AnswerRequest request)
    {
        AnswerFormat format = model.AnswerFormat;
        Tool[] tools = request.ToolDemand == ToolDemand.None ? [] : [.. request.Tools];
        OfferedTools offered = new();
        foreach (Tool tool in tools)
        {
            offered.Add(tool.Name, tool.Parameters);
        }

        RenderedPrompt prompt = Render(model, request, tools);
        bool opensThought = format.OpensThought(prompt.Text), isDemanded = request.ToolDemand == ToolDemand.Required;
        string begun = "";
        if (isDemanded)
        {
            (prompt, begun) = CallOpening.Of(prompt, format, request.DemandedTool)
                ?? throw new UsageException("This model's form of calls cannot be demanded.");
            opensThought = false;
        }

        Grammar? grammar = isDemanded ? Call(model, format, tools, offered, begun) : request.JsonSchema is { } schema
            ? Grammar.FromSchema(schema) : null;
        GenerationRequest generation = new()
        {
            Prompt = ChatPrompt.Encode(model.RequireTokenizer(), prompt),
            MaxTokens = request.MaxTokens,
            Sampling = request.Sampling ?? model.Options.Sampling,
            Stop = [.. request.Stop.Where(s => s.Length > 0)],
            Grammar = grammar,
            Thought = grammar is null || isDemanded ? null : AnswerThoughts.Of(model.RequireTokenizer(), prompt, format),
            VisibleTokens = model.MarkTokens,
            ReuseScope = "",
        };
        return new PreparedAnswer(generation, format, offered, opensThought, begun);
    }

    private static Grammar? Call(LoadedModel model, AnswerFormat format, Tool[] tools, OfferedTools offered, string begun)
    {
        if (format.CallForm is null)
        {
            return null;
        }

        CallRules rules = new([.. tools.Select(t => new CallableTool(t.Name, t.Parameters, true))], true, true, null);
        return CallGrammar.Build(format, model.TokenTexts, offered, rules).After(model.TokenTexts.WithMarks(begun))
            ?? throw new InvalidOperationException($"The form of '{format.Name}' does not begin as it says.");
    }

    private static RenderedPrompt Render(LoadedModel model, AnswerRequest request, Tool[] tools)
    {
        Dictionary<string, JsonElement> variables = new(request.TemplateVariables);
        if (request.Thinks is { } thinks)
        {
            variables.TryAdd("enable_thinking", Json(JsonValue.Create(thinks)));
            variables.TryAdd("thinking", Json(JsonValue.Create(thinks)));
        }

        JsonArray messages = [.. request.Turns.Select(Message)];
        JsonArray functions = [.. tools.Select(Function)];
        return ChatPrompt.Render(model.RequireTokenizer(), model.Template, Json(messages), variables,
            tools: functions.Count == 0 ? null : Json(functions));
    }

    private static JsonObject Message(ChatTurn turn)
    {
        JsonObject message = new() { ["role"] = turn.Role, ["content"] = turn.Text };
        if (turn.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. turn.Calls.Select(call => new JsonObject
            {
                ["id"] = call.Id,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
            })]);
        }

        if (turn.CallId is { } id)
        {
            message["tool_call_id"] = id;
        }

        if (turn.ToolName is { } name)
        {
            message["name"] = name;
        }

        return message;
    }

    private static JsonObject Function(Tool tool) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = tool.Name,
            ["description"] = tool.Description,
            ["parameters"] = JsonNode.Parse(tool.Parameters.ValueKind == JsonValueKind.Object ? tool.Parameters.GetRawText() : AnyObject),
        },
    };

    private static JsonElement Json(JsonNode node)
    {
        using JsonDocument document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }
}
