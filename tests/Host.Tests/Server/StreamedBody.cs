using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>A streamed body as a client takes it. When an answer has been silent for seconds, as on a busy machine, a sign of life stands
/// between any two of its parts: a comment among server-sent events, an object without content among lines of JSON.</summary>
internal static class StreamedBody
{
    private const string Data = "data: ";

    /// <summary>Data of server-sent events, without the end mark. Every line is a name, an object or the end mark, or a comment.</summary>
    internal static List<JsonElement> Events(string sent)
    {
        string[] lines = [.. sent.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != ':')];
        Assert.All(lines, l => Assert.True(l is "data: [DONE]" || l.StartsWith("event: ", StringComparison.Ordinal)
            || l.StartsWith(Data + "{", StringComparison.Ordinal), l));
        return [.. lines.Where(l => l.StartsWith(Data + "{", StringComparison.Ordinal)).Select(l => Parse(l[Data.Length..]))];
    }

    /// <summary>Objects of a stream of lines that say something.</summary>
    internal static List<JsonElement> Lines(string sent) =>
        [.. sent.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).Where(l => !IsSign(l))];

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    private static bool IsSign(JsonElement line) => line.TryGetProperty("done", out JsonElement done) && !done.GetBoolean()
        && (line.TryGetProperty("message", out JsonElement message)
            ? message.EnumerateObject().Count() == 2 && message.GetProperty("content").GetString() == ""
            : line.GetProperty("response").GetString() == "" && !line.TryGetProperty("thinking", out _));
}
