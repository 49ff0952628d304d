using System.Text.Json;
using System.Text.Json.Serialization;
using LayerStream.Host.Server.Endpoints;
using LayerStream.Host.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.OpenApi;
using Endpoint = LayerStream.Host.Server.Endpoints.Endpoint;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>The OpenAPI document, made by Microsoft.AspNetCore.OpenApi of the endpoint table, the tables of members and the records of
/// replies. It is made here and kept as a file: the daemon sends it without loading what made it.</summary>
internal static class DescribedApi
{
    private const string Bearer = "bearer", KeyHeader = "x-api-key";

    /// <summary>The document.</summary>
    internal static async Task<string> WriteAsync(CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        builder.Services.AddOpenApi("v1", Configure);
        await using WebApplication app = builder.Build();
        app.MapOpenApi();
        foreach (Endpoint row in EndpointTable.Rows)
        {
            Map(app, row);
        }

        await app.StartAsync(ct);
        using HttpClient client = app.GetTestClient();
        return (await client.GetStringAsync("/openapi/v1.json", ct)).ReplaceLineEndings("\n") + "\n";
    }

    /// <summary>The path of a row as OpenAPI has it.</summary>
    internal static string PathOf(Endpoint row) => row is { Method: "POST", Path: "/v1/batches/" } ? row.Path + "{id}/cancel"
        : row.TakesName ? row.Path + "{id}" : row.Path;

    private static void Map(WebApplication app, Endpoint row)
    {
        DescribedReply reply = DescribedReply.Of(row);
        Delegate handler = row.TakesName ? (string id) => Results.Empty : () => Results.Empty;
        RouteHandlerBuilder mapped = app.MapMethods(PathOf(row), [row.Method], handler).WithSummary(row.Note).WithTags(TagOf(row.Path))
            .WithMetadata(row);
        if (reply.Body == typeof(void))
        {
            mapped.Produces(StatusCodes.Status204NoContent);
        }
        else
        {
            mapped.Produces(StatusCodes.Status200OK, reply.Body ?? typeof(JsonElement), reply.ContentType ?? "application/json");
        }

        int[] failures = row.Method == "POST" ? [400, 413, 429, 503]
            : row.Path.StartsWith("/v1/layerstream/trace", StringComparison.Ordinal)
            ? [429, 503] : row.IsPublic ? [] : [503];
        foreach (int status in row.IsPublic ? failures : failures.Prepend(401))
        {
            mapped.Produces(status, DescribedReply.ErrorOf(row), "application/json");
        }
    }

    private static void Configure(OpenApiOptions options)
    {
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // What is null is left out of a reply, unless its API has it there.
            foreach (string name in context.JsonTypeInfo.Properties.Where(p => p.IsGetNullable).Select(p => p.Name))
            {
                schema.Required?.Remove(name);
            }

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context.Description.ActionDescriptor.EndpointMetadata.OfType<Endpoint>().Single(), context.Document!);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "LayerStream",
                Version = ProgramVersion.Text.Split('+')[0],
                Description = "The HTTP API of the daemon. What every member does is said in docs/api.md.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer },
                [KeyHeader] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Header,
                    Name = KeyHeader
                },
            };
            return Task.CompletedTask;
        });
    }

    // Of the queries of lists.
    private static string[] ParametersOf(Endpoint row) => $"{row.Method} {row.Path}" switch
    {
        "GET /v1/files" => ["purpose", "order", "limit", "after"],
        "GET /v1/batches" => ["limit", "after"],
        _ => [],
    };

    private static string TagOf(string path) => path.StartsWith("/v1/messages", StringComparison.Ordinal) ? "Anthropic"
        : path.StartsWith("/api/", StringComparison.Ordinal) ? "Ollama"
        : path.StartsWith("/v1/", StringComparison.Ordinal) && !path.StartsWith("/v1/layerstream/", StringComparison.Ordinal) ? "OpenAI"
        : "LayerStream";

    private static void Describe(OpenApiOperation operation, Endpoint row, OpenApiDocument document)
    {
        operation.OperationId = row.Method.ToLowerInvariant() + PathOf(row).TrimEnd('/').Replace('/', '_').Replace("{id}", "id");
        if (DescribedBody.Of(row) is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = body } },
            };
        }

        if (row is { Method: "POST", Path: "/v1/files" })
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["multipart/form-data"] = new() { Schema = DescribedBody.File() } },
            };
        }

        foreach (string parameter in ParametersOf(row))
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = parameter,
                In = ParameterLocation.Query,
                Schema = new OpenApiSchema { Type = parameter == "limit" ? JsonSchemaType.Integer : JsonSchemaType.String },
            });
        }

        if (DescribedReply.Of(row).Stream is { } stream)
        {
            operation.Responses!["200"].Content![stream] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = "pieces, where a stream is asked for" },
            };
        }

        if (row.Path == "/v1/layerstream/trace")
        {
            operation.Parameters = [new OpenApiParameter
            {
                Name = "format",
                In = ParameterLocation.Query,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["lstr", "chrome", "otlp", "json"] },
            }];
        }

        if (!row.IsPublic)
        {
            operation.Security = [Scheme(Bearer), Scheme(KeyHeader)];
        }

        OpenApiSecurityRequirement Scheme(string name) => new() { [new OpenApiSecuritySchemeReference(name, document)] = [] };
    }
}
