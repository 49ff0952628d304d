using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LayerStream.Contract.Tests;

/// <summary>Requests in the shapes in which clients of many makers sent them, one after the other to the daemon: whatever a server could
/// answer is answered in the form of its protocol, and the rest is refused by name.</summary>
public sealed class RecordedRequestTests(ContractDaemon daemon)
{
    private const int AnswerTokens = 4;

    private static readonly string[] s_lengths = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

    // Requests that a model of text without memory of conversations cannot answer: the name, the status, a word of the refusal.
    private static readonly (string Name, HttpStatusCode Status, string Word)[] s_refusals =
    [
        ("openai-js-image", HttpStatusCode.BadRequest, "text parts"),
        ("ollama-js-chat-image", HttpStatusCode.BadRequest, "images"),
        ("anthropic-js-toolRunner", HttpStatusCode.BadRequest, "thread"),
        ("anthropic-js-toolRunner-thread-refused", HttpStatusCode.BadRequest, "thread"),
        ("ollama-js-pull", HttpStatusCode.NotFound, "path"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("agents-js")]
    [InlineData("aisdk")]
    [InlineData("anthropic")]
    [InlineData("langchain")]
    [InlineData("llamaindex")]
    [InlineData("meai")]
    [InlineData("messages-coding")]
    [InlineData("ollama")]
    [InlineData("openai")]
    [InlineData("responses-coding")]
    public async Task Replay_RequestsOfAClient_AreAnsweredInTheFormOfTheProtocol(string client)
    {
        List<string> failures = [];
        string file = Path.Combine(AppContext.BaseDirectory, "data", "requests.jsonl");
        foreach (string line in await File.ReadAllLinesAsync(file, Token))
        {
            JsonNode recorded = JsonNode.Parse(line)!;
            string name = (string)recorded["name"]!, previous = "";
            foreach (JsonNode? request in name.StartsWith(client, StringComparison.Ordinal) ? recorded["requests"]!.AsArray() : [])
            {
                (HttpStatusCode status, string body) = await SendAsync(request!, previous);
                string? fault = Fault(name, (string)request!["path"]!, status, body);
                failures.AddRange(fault is null ? [] : [$"{name}: {fault}: {body[..Math.Min(300, body.Length)]}"]);
                previous = IdOf(body) ?? previous;
            }
        }

        Assert.Empty(failures);
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(JsonNode request, string previous)
    {
        string path = ((string)request["path"]!).Replace("canned", ContractDaemon.ModelId, StringComparison.Ordinal);
        using HttpRequestMessage message = new(new HttpMethod((string)request["method"]!), path.TrimStart('/'));
        if (request["body"] is JsonObject body)
        {
            Shorten(body, (string)request["path"]!);
            if (body.ContainsKey("previous_response_id"))
            {
                body["previous_response_id"] = previous;
            }

            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString()));
        }

        foreach ((string name, JsonNode? value) in request["headers"]!.AsObject())
        {
            bool isOfBody = name == "content-type";
            if (name != "accept-encoding" && (!isOfBody || message.Content is not null)) // answers are not packed
            {
                _ = isOfBody ? message.Content!.Headers.TryAddWithoutValidation(name, (string)value!)
                    : message.Headers.TryAddWithoutValidation(name, (string)value!);
            }
        }

        using HttpResponseMessage reply = await daemon.Http.SendAsync(message, Token);
        return (reply.StatusCode, await reply.Content.ReadAsStringAsync(Token));
    }

    // Every protocol has its own name for the length of an answer.
    private static void Shorten(JsonObject body, string path)
    {
        body["model"] = ContractDaemon.ModelId;
        if (path is "/api/chat" or "/api/generate")
        {
            JsonObject options = body["options"]?.DeepClone() as JsonObject ?? [];
            options["num_predict"] = AnswerTokens;
            body["options"] = options;
            return;
        }

        string[] given = [.. s_lengths.Where(name => body[name] is not null)];
        string[] usual = path switch
        {
            "/v1/responses" => ["max_output_tokens"],
            "/v1/chat/completions" or "/v1/completions" => ["max_tokens"],
            _ => [],
        };
        foreach (string name in given.Length > 0 ? given : usual)
        {
            body[name] = AnswerTokens;
        }
    }

    private static string? Fault(string name, string path, HttpStatusCode status, string body)
    {
        if (path.Contains("/embed", StringComparison.Ordinal))
        {
            return status == HttpStatusCode.NotImplemented ? null : $"status {(int)status}";
        }

        (_, HttpStatusCode expected, string? word) = Array.Find(s_refusals, r => r.Name == name);
        if (word is not null)
        {
            return status == expected && body.Contains(word, StringComparison.Ordinal) ? null : $"status {(int)status}, no '{word}'";
        }

        if (status != HttpStatusCode.OK)
        {
            return $"status {(int)status}";
        }

        bool isError = ((string[])["\"error\":{", "\"error\":\""]).Any(e => body.Contains(e, StringComparison.Ordinal));
        string? missing = Marks(path, body).FirstOrDefault(mark => !body.Contains(mark, StringComparison.Ordinal));
        return isError ? "an error" : missing is null ? null : $"no {missing}";
    }

    // What an answer of the protocol must have, streamed or whole.
    private static string[] Marks(string path, string body)
    {
        bool isStream = ((string[])[":", "data:", "event:"]).Any(start => body.StartsWith(start, StringComparison.Ordinal));
        return path.Split('?')[0] switch
        {
            "/v1/chat/completions" => isStream ? ["\"finish_reason\":", "data: [DONE]\n\n"] : ["\"message\":", "\"usage\":"],
            "/v1/responses" => isStream ? ["event: response.created", "\"usage\":", "event: response.output_item.done"]
                : ["\"output\":", "\"usage\":"],
            "/v1/messages" => isStream ? ["event: message_start", "event: message_stop"] : ["\"stop_reason\":", "\"usage\":"],
            "/api/chat" or "/api/generate" => ["\"done\":true", "\"eval_count\":"],
            "/v1/completions" => ["\"text\":", "\"usage\":"],
            "/v1/models" => [ContractDaemon.ModelId],
            _ => [],
        };
    }

    private static string? IdOf(string body)
    {
        string first = body.TrimStart(' ').Split('\n')[0]; // a blank is a sign of life in front of a whole answer
        if (!first.StartsWith('{'))
        {
            return null;
        }

        using JsonDocument json = JsonDocument.Parse(first);
        return json.RootElement.TryGetProperty("id", out JsonElement id) ? id.GetString() : null;
    }
}
