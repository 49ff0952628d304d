using System.Text.Json;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Embeddings;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Scoring;
using LayerStream.Host.Server.Translation;
using Microsoft.OpenApi;
using Endpoint = LayerStream.Host.Server.Endpoints.Endpoint;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>What an endpoint takes: the members of its table that are honoured or hints.</summary>
internal static class DescribedBody
{
    // Values of every kind of JSON. A member whose reader takes none of a kind does not have that kind.
    private static readonly (JsonSchemaType Kind, string[] Values)[] s_samples =
    [
        (JsonSchemaType.Boolean, ["true"]),
        (JsonSchemaType.Integer, ["1", "5", "-1"]),
        (JsonSchemaType.Number, ["0.5", "1.5"]),
        (JsonSchemaType.String, ["\"x\"", "\"auto\"", "\"none\"", "\"float\"", "\"{}\"", "\"root ::= \\\"x\\\"\""]),
        (JsonSchemaType.Array, ["[]", "[\"x\"]", "[1]", "[\"text\"]", """[{"role":"user","content":"x"}]"""]),
        (JsonSchemaType.Object, ["{}", """{"type":"text"}""", """{"type":"object"}""", """{"1":1}""", """{"include_usage":true}""",
            """{"type":"function","function":{"name":"x"}}"""]),
    ];

    private static readonly Dictionary<string, IOpenApiSchema> s_chat =
        ChatParameters.Rows.Where(r => r.Use != ParameterUse.Refused).ToDictionary(r => r.Name, r => Of<ChatRequest>(r));

    /// <summary>The body of a request to an endpoint; null = it takes none.</summary>
    internal static IOpenApiSchema? Of(Endpoint row) => $"{row.Method} {row.Path}" switch
    {
        "POST /v1/chat/completions" or "POST /apply-template" => Object(s_chat, "messages"),
        "POST /v1/completions" => Object(Members<CompletionRequest>(CompletionParameters.Rows)),
        "POST /v1/embeddings" => Object(Members<EmbeddingRequest>(EmbeddingMembers.Rows), "input"),
        "POST /v1/score" => Object(Members<ScoreRequest>(ScoreRequest.Rows)),
        "POST /v1/batches" => Object(Members<BatchRequest>(BatchRequest.Rows)),
        "POST /api/embed" => Object(Members<EmbeddingRequest>(EmbeddingMembers.Ollama), "input"),
        "POST /api/embeddings" => Object(Members<EmbeddingRequest>(EmbeddingMembers.OllamaPrompt), "prompt"),
        "POST /v1/messages" or "POST /v1/messages/count_tokens" => Object(Members(MessagesMembers.Translation.Rows), "messages"),
        "POST /v1/responses" => Object(Members(ResponsesMembers.Rows)),
        "POST /api/chat" => Object(Members(OllamaMembers.Chat.Rows)),
        "POST /api/generate" => Object(Members(OllamaMembers.Generate.Rows)),
        "POST /api/show" or "POST /v1/layerstream/models/load" or "POST /v1/layerstream/models/unload" or "DELETE /api/delete" =>
            Object(new() { ["model"] = Kind(JsonSchemaType.String, "the model's name") }),
        "POST /tokenize" => Object(new()
        {
            ["content"] = Kind(JsonSchemaType.String, "the text"),
            ["add_special"] = Kind(JsonSchemaType.Boolean, "whether tokens that begin and end a text are added"),
            ["parse_special"] = Kind(JsonSchemaType.Boolean, "whether control tokens are recognised in the text"),
            ["with_pieces"] = Kind(JsonSchemaType.Boolean, "whether the text of each token is given"),
        }, "content"),
        "POST /detokenize" => Object(new() { ["tokens"] = Kind(JsonSchemaType.Array, "ids of tokens") }, "tokens"),
        _ => null,
    };

    /// <summary>The form of a file that is sent.</summary>
    internal static IOpenApiSchema File() => Object(new()
    {
        ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "the bytes" },
        ["purpose"] = Kind(JsonSchemaType.String, "batch or user_data"),
        ["expires_after[anchor]"] = Kind(JsonSchemaType.String, "created_at"),
        ["expires_after[seconds]"] = Kind(JsonSchemaType.Integer, "seconds until the file goes, unless a batch still reads it"),
    }, "file", "purpose");

    private static OpenApiSchema Object(Dictionary<string, IOpenApiSchema> members, params string[] required) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = members,
        Required = new HashSet<string>(required),
        AdditionalPropertiesAllowed = false,
    };

    private static Dictionary<string, IOpenApiSchema> Members<TRequest>(IEnumerable<Parameter> rows)
        where TRequest : ChatRequest, new() =>
        rows.Where(r => r.Use != ParameterUse.Refused).ToDictionary(r => r.Name, r => Of<TRequest>(r));

    // What is handed on to chat completions under its own name is of the kind it has there.
    private static Dictionary<string, IOpenApiSchema> Members(IEnumerable<TranslatedMember> rows) =>
        rows.Where(r => r.Use != ParameterUse.Refused).ToDictionary(r => r.Name,
            r => r.Note == "as in chat completions" && s_chat.TryGetValue(r.Name, out IOpenApiSchema? chat) ? chat
                : Kind(null, Note(r.Use, r.Note)));

    private static IOpenApiSchema Of<TRequest>(Parameter row)
        where TRequest : ChatRequest, new()
    {
        JsonSchemaType kinds = 0;
        foreach ((JsonSchemaType kind, string[] values) in s_samples)
        {
            kinds |= row.Read is not null && values.Any(v => Takes<TRequest>(row, v)) ? kind : 0;
        }

        kinds &= (kinds & JsonSchemaType.Number) != 0 ? ~JsonSchemaType.Integer : kinds; // every integer is a number
        return Kind(kinds == 0 ? null : kinds | JsonSchemaType.Null, Note(row.Use, row.Note));
    }

    private static bool Takes<TRequest>(Parameter row, string value)
        where TRequest : ChatRequest, new()
    {
        using TRequest request = new();
        try
        {
            row.Read!(request, JsonSerializer.Deserialize<JsonElement>(value), row.Name);
            return true;
        }
        catch (ApiException)
        {
            return false;
        }
    }

    private static string Note(ParameterUse use, string note) => use == ParameterUse.Hint ? "a hint: " + note : note;

    private static OpenApiSchema Kind(JsonSchemaType? kind, string note) => new() { Type = kind, Description = note };
}
