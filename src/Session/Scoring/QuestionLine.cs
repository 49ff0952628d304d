using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Session.Scoring;

/// <summary>A question as it stands in a file of questions.</summary>
public sealed record QuestionLine
{
    /// <summary>Any name; it comes back with the score.</summary>
    public JsonElement? Id { get; init; }

    /// <summary>A text that the answer continues as it is; else there are <see cref="Messages"/>.</summary>
    public string? Prompt { get; init; }

    /// <summary>A conversation in the form of chat APIs, to be written by the chat template.</summary>
    public JsonElement? Messages { get; init; }

    /// <summary>The answers.</summary>
    public IReadOnlyList<string>? Choices { get; init; }
}

/// <summary>Reads lines of questions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QuestionLine))]
public sealed partial class QuestionJson : JsonSerializerContext;
