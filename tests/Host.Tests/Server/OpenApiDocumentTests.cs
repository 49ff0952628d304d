using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Host.Tests.Server.Described;
using Endpoint = LayerStream.Host.Server.Endpoints.Endpoint;
using EndpointTable = LayerStream.Host.Server.Endpoints.EndpointTable;

namespace LayerStream.Host.Tests.Server;

/// <summary>The OpenAPI document is made from the tables of the code. To write it anew: LAYERSTREAM_WRITE_DOCS=1.</summary>
public sealed class OpenApiDocumentTests
{
    /// <summary>The file.</summary>
    internal static string Path => System.IO.Path.Combine(ApiDocumentTests.Root(), "src/Host/Server/Endpoints/openapi.json");

    [Fact]
    public async Task Document_OfTheApi_IsWhatTheCodeSays()
    {
        string text = await DescribedApi.WriteAsync(TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("LAYERSTREAM_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Path, text);
        }

        Assert.Equal(text, File.ReadAllText(Path));
    }

    [Fact]
    public void Document_Paths_AreThoseOfTheEndpointTable()
    {
        JsonNode document = JsonNode.Parse(File.ReadAllText(Path))!;
        string[] described = [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Where(o => o.Key != "parameters")
            .Select(o => $"{o.Key.ToUpperInvariant()} {path.Key}")).Order()];
        Assert.Equal(EndpointTable.Rows.Select(r => $"{r.Method} {DescribedApi.PathOf(r)}").Order(), described);
        foreach (Endpoint row in EndpointTable.Rows)
        {
            JsonNode operation = document["paths"]![DescribedApi.PathOf(row)]![row.Method.ToLowerInvariant()]!;
            Assert.Equal(row.IsPublic, operation["security"] is null);
            Assert.Equal(row.Note, operation["summary"]!.GetValue<string>());
        }
    }

    [Fact]
    public void Document_OperationIds_AreEachOfOneRow()
    {
        string[] ids = [.. JsonNode.Parse(File.ReadAllText(Path))!["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject())
            .Select(operation => operation.Value!["operationId"]!.GetValue<string>())];
        Assert.Equal(EndpointTable.Rows.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Document_RowsThatGet_TakeNoBody()
    {
        JsonObject paths = JsonNode.Parse(File.ReadAllText(Path))!["paths"]!.AsObject();
        Assert.All(paths, path => Assert.Null(path.Value!["get"]?["requestBody"]));
        Assert.NotNull(paths["/v1/batches"]!["post"]!["requestBody"]);
    }

    [Fact]
    public void Document_ChatBody_HasTheKindsThatTheCodeTakes()
    {
        JsonNode members = JsonNode.Parse(File.ReadAllText(Path))!["paths"]!["/v1/chat/completions"]!["post"]!["requestBody"]!["content"]![
            "application/json"]!["schema"]!["properties"]!;
        Assert.Equal(["array"], Kinds("messages"));
        Assert.Equal(["integer"], Kinds("max_tokens"));
        Assert.Equal(["number"], Kinds("temperature"));
        Assert.Equal(["array", "string"], Kinds("stop"));
        Assert.Equal(["boolean"], Kinds("stream"));
        Assert.Equal(["object", "string"], Kinds("tool_choice"));
        Assert.Null(members["functions"]);

        string[] Kinds(string name) => [.. JsonSerializer.Deserialize<string[]>(members[name]!["type"]!)!.Where(k => k != "null").Order()];
    }
}
