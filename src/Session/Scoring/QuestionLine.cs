using System.Text.Json;
using System.Text.Json.Serialization;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

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

    /// <summary>Encodes the question.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="template">Writes conversations; null = ChatML.</param>
    /// <param name="parseMessages">Whether control tokens in the text of messages are recognised.</param>
    /// <exception cref="UsageException">It is no question.</exception>
    /// <exception cref="TemplateException">The template refuses the messages.</exception>
    /// <exception cref="InvalidOperationException">The messages are none.</exception>
    public Question ToQuestion(Tokenizer tokenizer, ChatTemplate? template, bool parseMessages)
    {
        if ((Prompt is null) == (Messages is null))
        {
            throw new UsageException("a question has either a prompt or messages");
        }

        int[] prompt = Prompt is { } text ? tokenizer.Encode(text, addSpecial: true, parseSpecial: true)
            : ChatPrompt.Encode(tokenizer, ChatPrompt.Render(tokenizer, template, Messages!.Value), parseMessages);
        return Question.Of(tokenizer, prompt, Choices ?? []);
    }
}

/// <summary>Reads lines of questions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QuestionLine))]
public sealed partial class QuestionJson : JsonSerializerContext;
