using System.Text.Json.Nodes;
using Json.Schema;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>Whether an answer is what the OpenAPI document says.</summary>
internal static class DescribedAnswer
{
    /// <summary>Fails for an answer that the document does not describe, or describes otherwise.</summary>
    /// <param name="method">Of the request.</param>
    /// <param name="path">The path as the document has it.</param>
    /// <param name="reply">The answer.</param>
    internal static async Task AssertAsync(string method, string path, HttpResponseMessage reply)
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        string text = await reply.Content.ReadAsStringAsync(ct), status = ((int)reply.StatusCode).ToString();
        JsonNode document = JsonNode.Parse(await File.ReadAllTextAsync(OpenApiDocumentTests.Path, ct))!;
        JsonNode operation = document["paths"]![path]![method.ToLowerInvariant()]!;
        status = status is "501" or "404" or "409" ? "400" : status; // all errors of an API have one form
        JsonNode? described = operation["responses"]![status]?["content"]?["application/json"]?["schema"];
        Assert.True(described is not null && described.AsObject().Count > 0, $"{status}: {text}");
        EvaluationResults results = Schema(described, document).Evaluate(JsonNode.Parse(text),
            new EvaluationOptions { OutputFormat = OutputFormat.List });
        string[] faults = [.. results.Details.Where(d => d.HasErrors)
            .SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}"))];
        Assert.True(results.IsValid, $"{string.Join('\n', faults)}\n{text}");
    }

    // The document's schemas, closed: a member that is not described is a fault.
    private static JsonSchema Schema(JsonNode described, JsonNode document)
    {
        JsonNode definitions = document["components"]!["schemas"]!.DeepClone();
        foreach ((_, JsonNode? definition) in definitions.AsObject())
        {
            if (definition!["properties"] is not null)
            {
                definition["additionalProperties"] = false;
            }
        }

        JsonObject schema = described.DeepClone().AsObject();
        schema["$defs"] = definitions;
        return JsonSchema.FromText(schema.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }
}
