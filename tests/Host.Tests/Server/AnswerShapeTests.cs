using System.Text;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Embeddings;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Translation;
using LayerStream.Sampling;
using LayerStream.Templates.Answers;
using static LayerStream.Host.Tests.Server.StreamedBody;

namespace LayerStream.Host.Tests.Server;

/// <summary>One answer with a thought, a text and two calls, in every protocol, whole and as a stream.</summary>
public sealed class AnswerShapeTests
{
    private const string Answer = "<think>hm</think>So.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
        + "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Chat_Stream_HasDeltasThatAddUp(int step)
    {
        string sent = Send(new ChatStream(Form(), Opening(), includesUsage: true, ChoicePlace.Only()), step);
        Assert.EndsWith("data: [DONE]\n\n", sent, StringComparison.Ordinal);
        List<JsonElement> pieces = Events(sent);
        Assert.Equal("assistant", Delta(pieces[0]).GetProperty("role").GetString());
        Assert.Equal("hm", Joined(pieces, d => Text(d, "reasoning_content")));
        Assert.Equal("So.", Joined(pieces, d => Text(d, "content")));
        JsonElement[] calls = [.. pieces.Where(HasChoice).Select(Delta).Where(d => d.TryGetProperty("tool_calls", out _))
            .Select(d => d.GetProperty("tool_calls")[0])];
        Assert.Equal(["f", "g"], calls.Select(c => c.GetProperty("function")).Where(f => f.TryGetProperty("name", out _))
            .Select(f => f.GetProperty("name").GetString()));
        Assert.Equal(2, calls.Count(c => Text(c, "id") is { } id && id.StartsWith("call_", StringComparison.Ordinal)));
        Assert.Equal("{\"a\": 1}", string.Concat(calls.Where(c => c.GetProperty("index").GetInt32() == 0)
            .Select(c => c.GetProperty("function").GetProperty("arguments").GetString())));
        Assert.Equal("tool_calls", pieces.Last(HasChoice).GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(7, pieces[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public void Chat_Whole_HasThoughtTextAndCalls()
    {
        JsonElement choice = Parse(Send(new ChatWhole(Form(), Opening(), false), 5)).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(("hm", "So."), (Text(message, "reasoning_content"), Text(message, "content")));
        Assert.Equal("{\"a\": 1}", message.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void Chat_WholeWithACallCutOff_GivesItAsText()
    {
        string cut = Answer[..Answer.IndexOf("1}", StringComparison.Ordinal)];
        JsonElement reply = Parse(Send(new ChatWhole(Form(), Opening(), false), 5, cut, "length"));
        JsonElement message = reply.GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("So.<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": ", Text(message, "content"));
        Assert.False(message.TryGetProperty("tool_calls", out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Messages_Stream_OpensAndClosesBlocksInTurn(int step)
    {
        List<JsonElement> events = Events(Send(new MessagesStream(Prepared(true)), step));
        string[] order = [.. events.Select(e => Text(e, "type")!).Where(t => t != "content_block_delta")];
        string[] block = ["content_block_start", "content_block_stop"];
        Assert.Equal(["message_start", "ping", .. block, .. block, .. block, .. block, "message_delta", "message_stop"], order);
        Assert.Equal(["thinking", "text", "tool_use", "tool_use"], events.Where(e => Text(e, "type") == "content_block_start")
            .Select(e => Text(e.GetProperty("content_block"), "type")));
        Assert.Equal("{\"a\": 1}", string.Concat(events
            .Where(e => Text(e, "type") == "content_block_delta" && e.GetProperty("index").GetInt32() == 2)
            .Select(e => Text(e.GetProperty("delta"), "partial_json"))));
        Assert.Equal("tool_use", Text(events[^2].GetProperty("delta"), "stop_reason"));
    }

    [Fact]
    public void Messages_ThatStoppedAtAText_NameIt()
    {
        JsonElement whole = Parse(Send(new MessagesWhole(Prepared(false)), 5, "So.", stopText: "###"));
        Assert.Equal(("stop_sequence", "###"), (Text(whole, "stop_reason"), Text(whole, "stop_sequence")));
        JsonElement delta = Events(Send(new MessagesStream(Prepared(true)), 5, "So.", stopText: "###"))[^2].GetProperty("delta");
        Assert.Equal(("stop_sequence", "###"), (Text(delta, "stop_reason"), Text(delta, "stop_sequence")));
        Assert.Equal("end_turn", Text(Parse(Send(new MessagesWhole(Prepared(false)), 5, "So.")), "stop_reason"));
    }

    [Fact]
    public void Messages_StreamedThought_EndsWithASignature()
    {
        JsonElement[] thought = [.. Events(Send(new MessagesStream(Prepared(true)), 1)).Where(e => Text(e, "type") == "content_block_delta"
            && e.GetProperty("index").GetInt32() == 0).Select(e => e.GetProperty("delta"))];
        Assert.Equal("signature_delta", Text(thought[^1], "type"));
        Assert.All(thought[..^1], d => Assert.Equal("thinking_delta", Text(d, "type")));
    }

    [Fact]
    public void Messages_Whole_HasBlocks()
    {
        JsonElement content = Parse(Send(new MessagesWhole(Prepared(false)), 5)).GetProperty("content");
        Assert.Equal(["thinking", "text", "tool_use", "tool_use"], content.EnumerateArray().Select(b => Text(b, "type")));
        Assert.Equal(1, content[2].GetProperty("input").GetProperty("a").GetInt32());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Ollama_Stream_IsALineForEachPiece(int step)
    {
        string sent = Send(new OllamaShape(Prepared(true), isChat: true), step);
        JsonElement[] lines = [.. sent.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        Assert.All(lines[..^1], l => Assert.False(l.GetProperty("done").GetBoolean()));
        Assert.True(lines[^1].GetProperty("done").GetBoolean());
        Assert.Equal("So.", string.Concat(lines.Select(l => Text(l.GetProperty("message"), "content"))));
        Assert.Equal(["f", "g"], lines.Where(l => l.GetProperty("message").TryGetProperty("tool_calls", out _))
            .Select(l => Text(l.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function"), "name")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ollama_Answer_HasTheLogProbabilitiesThatWereAskedFor(bool stream)
    {
        string sent = Send(new OllamaShape(Prepared(stream, logProbs: true), isChat: true), 1, "So.", probabilities: true);
        Assert.Equal([1, 2, 3], sent.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)
            .Where(l => l.TryGetProperty("logprobs", out _)).SelectMany(l => l.GetProperty("logprobs").EnumerateArray())
            .Select(t => t.GetProperty("id").GetInt32()));
    }

    [Fact]
    public void Ollama_StreamedCallOfSeveralLines_IsOneLine()
    {
        string sent = Send(new OllamaShape(Prepared(true), isChat: true), 5,
            "<tool_call>\n{\"name\": \"f\", \"arguments\": {\r\n  \"a\": \"b\\nc\"\n}}\n</tool_call>");
        JsonElement call = Assert.Single(sent.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse),
            l => l.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal("b\nc", Text(call.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function")
            .GetProperty("arguments"), "a"));
    }

    [Fact]
    public void Ollama_Sign_IsALineWithoutContent()
    {
        OllamaShape shape = new(Prepared(true), isChat: true);
        JsonElement line = Parse(Encoding.UTF8.GetString(shape.Sign));
        Assert.Equal(("", false), (Text(line.GetProperty("message"), "content"), line.GetProperty("done").GetBoolean()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Responses_Stream_AddsFillsAndEndsItems(int step)
    {
        List<JsonElement> events = Events(Send(new ResponsesShape(Prepared(true)), step));
        Assert.Equal(["response.created", "response.in_progress"], events.Take(2).Select(e => Text(e, "type")));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.GetProperty("sequence_number").GetInt32()));
        JsonElement[] done = [.. events.Where(e => Text(e, "type") == "response.output_item.done").Select(e => e.GetProperty("item"))];
        Assert.Equal(["reasoning", "message", "function_call", "function_call"], done.Select(i => Text(i, "type")));
        Assert.Equal("{\"a\": 1}", Text(done[2], "arguments"));
        JsonElement response = events[^1].GetProperty("response");
        Assert.Equal("response.completed", Text(events[^1], "type"));
        Assert.Equal(4, response.GetProperty("output").GetArrayLength());
        Assert.False(response.GetProperty("store").GetBoolean());
    }

    [Fact]
    public void Responses_Text_HasTheLogProbabilitiesThatWereAskedFor()
    {
        List<JsonElement> events = Events(Send(new ResponsesShape(Prepared(true, logProbs: true)), 1, "So.", probabilities: true));
        Assert.Equal([1, 2, 3], Ids(events.Where(e => Text(e, "type") == "response.output_text.delta")));
        Assert.Equal([1, 2, 3], Ids(events.Where(e => Text(e, "type") == "response.output_text.done")));
        Assert.Equal([1, 2, 3], Ids([events[^1].GetProperty("response").GetProperty("output")[0].GetProperty("content")[0]]));

    }

    [Theory]
    [InlineData("<think>hm</think>So.", 1, new[] { 18, 19, 20 })]
    [InlineData("<think>hm</think>\n\nSo.", 1, new[] { 20, 21, 22 })]
    [InlineData("<think>h</think><b> </th>", 8, new[] { 17, 25 })] // what may be a mark and is none comes with the token that shows it
    public void Responses_TextBehindAThought_HasTheLogProbabilitiesOfItsOwnTokens(string answer, int step, int[] ids)
    {
        ResponsesShape shape = new(Prepared(true, logProbs: true));
        List<JsonElement> events = Events(Send(shape, step, answer, probabilities: true));

        Assert.Equal(ids, Ids(events.Where(e => Text(e, "type") == "response.output_text.delta")));
        Assert.Equal(ids, Ids([events[^1].GetProperty("response").GetProperty("output")[1].GetProperty("content")[0]]));
    }

    private static IEnumerable<int> Ids(IEnumerable<JsonElement> parts) =>
        parts.SelectMany(p => p.GetProperty("logprobs").EnumerateArray()).Select(t => t.GetProperty("id").GetInt32());

    [Fact]
    public void Responses_CutOff_HasAnIncompleteItem()
    {
        JsonElement response = Parse(Send(new ResponsesShape(Prepared(false)), 5, "<think>hm</think>So.", "length"));
        Assert.Equal(("incomplete", "incomplete"), (Text(response, "status"), Text(response.GetProperty("output")[1], "status")));
        Assert.Equal("completed", Text(response.GetProperty("output")[0], "status"));
    }

    [Fact]
    public void Responses_StreamThatFailsAtOnce_WasCreatedFirst()
    {
        ResponsesShape shape = new(Prepared(true));
        shape.Fail(new ApiException(503, "unavailable_error", "gone", "gone"));
        Assert.Equal(["response.created", "response.in_progress", "response.failed"],
            Events(Encoding.UTF8.GetString(shape.Buffer.WrittenSpan)).Select(e => Text(e, "type")));
    }

    [Fact]
    public void Embeddings_ThatFail_SayItInTheFormOfTheirApi()
    {
        foreach ((EmbeddingForm form, string error) in ((EmbeddingForm, string)[])
            [(EmbeddingForm.Ollama, "{\"error\":\"gone\"}"), (EmbeddingForm.OllamaPrompt, "{\"error\":\"gone\"}")])
        {
            WrittenShape shape = new(form.Error);
            shape.Fail(new ApiException(503, "unavailable_error", "gone", "gone"));
            Assert.Equal(error, Encoding.UTF8.GetString(shape.Buffer.WrittenSpan));
        }
    }

    [Fact]
    public void Responses_Whole_HasItems()
    {
        JsonElement response = Parse(Send(new ResponsesShape(Prepared(false)), 5));
        Assert.Equal("completed", Text(response, "status"));
        Assert.Equal("So.", Text(response.GetProperty("output")[1].GetProperty("content")[0], "text"));
    }

    private static AnswerOpening Opening()
    {
        OfferedTools tools = new();
        tools.Add("f", default);
        tools.Add("g", default);
        return new AnswerOpening(AnswerFormat.For("<tool_call>"), tools, false);
    }

    private static ChatJson Form() => new("chatcmpl-1", "m", 0, null);

    private static TranslatedAnswer.Prepared Prepared(bool stream, bool logProbs = false) =>
        new(new ChatRequest { Stream = stream, LogProbs = logProbs }, Opening(), 3, "m", null, "1");

    private static string Send(AnswerShape shape, int step, string answer = Answer, string reason = "stop", string? stopText = null,
        bool probabilities = false)
    {
        for (int at = 0; at < answer.Length; at += step)
        {
            shape.Piece(answer.Substring(at, Math.Min(step, answer.Length - at)), probabilities
                ? [new TokenLogProbabilities(new LogProbability(at + 1, -1), [])] : null);
        }

        shape.End(new RunResult
        {
            Ids = new int[7],
            PromptTokens = 3,
            PromptSeconds = 1,
            DecodeSeconds = 1,
            BytesStreamed = 0,
            BytesWasted = 0,
            BytesPerToken = 0,
            ExpertHits = 0,
            ExpertMisses = 0,
            ExpertBytesStreamed = 0,
            ExpertsSkipped = 0,
            FinishReason = reason,
            StopText = stopText,
            PredictedBytesUseful = 0,
            PredictedBytesWasted = 0,
            LoadSeconds = 0,
            ComputeSeconds = 0,
            ExpertComputeSeconds = 0,
            PromptComputeSeconds = 0,
            PromptBytes = 0,
            OverlapShare = 0,
            StallSeconds = new Dictionary<string, double>(),
            PinnedBytes = 0,
            PrefetchDepth = 0,
            WallSeconds = 1,
        });
        string sent = Encoding.UTF8.GetString(shape.Buffer.WrittenSpan);
        (shape as IDisposable)?.Dispose();
        return sent;
    }

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    private static bool HasChoice(JsonElement piece) => piece.GetProperty("choices").GetArrayLength() > 0;

    private static JsonElement Delta(JsonElement piece) => piece.GetProperty("choices")[0].GetProperty("delta");

    private static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out JsonElement found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    private static string Joined(List<JsonElement> pieces, Func<JsonElement, string?> text) =>
        string.Concat(pieces.Where(HasChoice).Select(Delta).Select(text));
}
