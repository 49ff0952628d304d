using System.Text;
using System.Text.Json.Nodes;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Embeddings;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Scoring;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Sampling;

namespace LayerStream.Host.Tests.Server;

/// <summary>What the tables of docs/api.md say of every member is what happens when it is sent.</summary>
public sealed class ApiTableTests
{
    private const string Messages = """{"messages":[{"role":"user","content":"a"}]}""";
    private static readonly string[] s_oddValues = ["17", "{\"type\":17}", "\"odd\""];

    private static readonly Dictionary<string, Api> s_apis = new()
    {
        ["chat"] = new(Messages, Uses(ChatParameters.Rows), Read),
        ["messages"] = new(Messages, Uses(MessagesMembers.Translation.Rows.Select(r => (r.Name, r.Use))),
            body => Read(MessagesMembers.Translation.Translate(body))),
        ["responses"] = new("""{"input":"a"}""", Uses(ResponsesMembers.Rows.Select(r => (r.Name, r.Use))), ReadResponse),
        ["ollama chat"] = new(Messages, Uses(OllamaMembers.Chat.Rows.Select(r => (r.Name, r.Use))),
            body => Read(OllamaMembers.Chat.Translate(body))),
        ["ollama generate"] = new("""{"prompt":"a"}""", Uses(OllamaMembers.Generate.Rows.Select(r => (r.Name, r.Use))),
            body => Read(OllamaMembers.Generate.Translate(body))),
        ["completions"] = new("""{"prompt":"a"}""", Uses(CompletionParameters.Rows), body => With((state, holding) =>
            CompletionParameters.Read(body, state, new SamplingOptions(), holding).Dispose())),
        ["embeddings"] = new("""{"input":"a"}""", Uses(EmbeddingMembers.Rows), body => With((_, holding) =>
            new ParameterTable(EmbeddingMembers.Rows).Read(new EmbeddingRequest(), body, holding, _ => { }))),
        ["score"] = new("""{"prompt":"a","choices":["b","c"]}""", Uses(ScoreRequest.Rows), body => With((state, holding) =>
            ScoreRequest.Read(body, state, holding).Dispose())),
        ["batches"] = new("""{"input_file_id":"a","endpoint":"/v1/completions","completion_window":"24h"}""", Uses(BatchRequest.Rows),
            body => With((_, holding) => BatchRequest.Read(body, "", "", 0, holding))),
    };

    public static TheoryData<string, string> Members
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach ((string name, Api api) in s_apis)
            {
                foreach (string member in api.Uses.Keys)
                {
                    data.Add(name, member);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Member_OfAnyTable_DoesWhatTheTableSays(string name, string member)
    {
        Api api = s_apis[name];
        string?[] refusals = [.. s_oddValues.Select(value => Refusal(api, member, value))];
        switch (api.Uses[member])
        {
            case ParameterUse.Hint:
                Assert.All(refusals, Assert.Null);
                break;
            case ParameterUse.Refused:
                Assert.All(refusals, param => Assert.Equal(member, param));
                break;
            default:
                Assert.Contains(refusals, param => param is not null); // a value that makes no sense is looked at
                break;
        }

        Assert.True(Refusal(api, member, "null") is null || JsonNode.Parse(api.Body)!.AsObject().ContainsKey(member),
            "null is the same as absent");
    }

    [Fact]
    public void Member_OfNoTable_IsRefusedByNameInEveryApi() =>
        Assert.All(s_apis.Values, api => Assert.Equal("nothing_of_the_kind", Refusal(api, "nothing_of_the_kind", "1")));

    private static string? Refusal(Api api, string member, string value)
    {
        JsonObject body = JsonNode.Parse(api.Body)!.AsObject();
        body[member] = JsonNode.Parse(value);
        try
        {
            api.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));
            return null;
        }
        catch (ApiException e)
        {
            Assert.InRange(e.Status, 400, 404);
            return e.Param ?? "";
        }
    }

    private static void Read(ReadOnlyMemory<byte> chat) => With((state, holding) =>
        ChatParameters.Read(chat, state, new SamplingOptions(), holding).Dispose());

    private static void ReadResponse(ReadOnlyMemory<byte> body)
    {
        RequestMemory memory = RequestBodyTests.Memory(64 << 20);
        using RequestMemory.Holding holding = memory.Open();
        Read(ResponsesMembers.Translate(body, new ResponsesContext(new StoredResponses(memory), ""), holding));
    }

    private static void With(Action<ServerState, RequestMemory.Holding> read)
    {
        using Admission admission = new(1);
        using DaemonMetrics metrics = new(() => 0, () => null);
        using RequestMemory.Holding holding = RequestBodyTests.Memory(64 << 20).Open();
        read(new ServerState("m", admission, metrics), holding);
    }

    private static Dictionary<string, ParameterUse> Uses(IEnumerable<Parameter> rows) => Uses(rows.Select(r => (r.Name, r.Use)));

    private static Dictionary<string, ParameterUse> Uses(IEnumerable<(string Name, ParameterUse Use)> rows) =>
        rows.ToDictionary(r => r.Name, r => r.Use);

    private sealed record Api(string Body, IReadOnlyDictionary<string, ParameterUse> Uses, Action<ReadOnlyMemory<byte>> Read);
}
