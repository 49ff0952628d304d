using System.Text;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Sampling;

namespace LayerStream.Host.Tests.Server;

/// <summary>Requests as real clients sent them: every one is understood, but for what cannot be honoured here, which is refused by
/// name.</summary>
public sealed class RecordedRequestsTests
{
    // Conversations that the server would have to remember, and has not.
    private static readonly string[] s_refused = ["thread", "previous_response_id"];

    private static readonly Dictionary<string, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> s_paths = new()
    {
        ["/v1/chat/completions"] = body => body,
        ["/v1/messages"] = body => MessagesMembers.Translation.Translate(body),
        ["/v1/responses"] = Responses,
        ["/api/chat"] = body => OllamaMembers.Chat.Translate(body),
        ["/api/generate"] = body => OllamaMembers.Generate.Translate(body),
    };

    [Fact]
    public void Read_EveryRecordedRequest_IsUnderstoodOrRefusedByName()
    {
        string folder = Path.Combine(ApiDocumentTests.Root(), "..", "shared", "contracts");
        Assert.SkipUnless(Directory.Exists(folder), "the recorded requests are not here");
        List<string> failures = [];
        int understood = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*.json"))
        {
            using JsonDocument recorded = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement request in recorded.RootElement.GetProperty("requests").EnumerateArray())
            {
                string path = request.GetProperty("path").GetString()!.Split('?')[0];
                if (s_paths.TryGetValue(path, out Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? translate)
                    && request.TryGetProperty("body", out JsonElement body) && body.ValueKind == JsonValueKind.Object)
                {
                    string? failure = Read(body, translate);
                    understood += failure is null ? 1 : 0;
                    failures.AddRange(failure is { Length: > 0 } ? [$"{Path.GetFileName(file)}: {failure}"] : []);
                }
            }
        }

        Assert.Empty(failures);
        Assert.InRange(understood, 100, 1000);
    }

    private static ReadOnlyMemory<byte> Responses(ReadOnlyMemory<byte> body)
    {
        RequestMemory memory = RequestBodyTests.Memory(64 << 20);
        using RequestMemory.Holding holding = memory.Open();
        return ResponsesMembers.Translate(body, new ResponsesContext(new StoredResponses(memory), ""), holding);
    }

    // Null = understood, empty = refused as it must be.
    private static string? Read(JsonElement body, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> translate)
    {
        using Admission admission = new(1);
        using DaemonMetrics metrics = new(() => 0, () => null);
        string model = body.TryGetProperty("model", out JsonElement name) ? name.GetString()! : "m";
        using RequestMemory.Holding holding = RequestBodyTests.Memory(64 << 20).Open();
        try
        {
            ReadOnlyMemory<byte> chat = translate(Encoding.UTF8.GetBytes(body.GetRawText()));
            ChatParameters.Read(chat, new ServerState(model[(model.LastIndexOf('/') + 1)..].Split(':')[0], admission, metrics),
                new SamplingOptions(), holding).Dispose();
            return null;
        }
        catch (ApiException e)
        {
            return s_refused.Contains(e.Param) || e.Code == "unsupported_content" ? "" : $"{e.Param}: {e.Message}";
        }
    }
}
