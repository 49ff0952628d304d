using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Scoring;

namespace LayerStream.Host.Server.Scoring;

/// <summary>A request for probabilities of given answers.</summary>
internal sealed class ScoreRequest : ChatRequest
{
    private const int MostQuestions = 1024;

    private string? _prompt;
    private IReadOnlyList<string>? _choices;
    private bool _isSingle;
    private JsonElement _list;

    /// <summary>Its members.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        ChatParameters.Does("model", "as in chat completions", (r, v, n) => r.Model = JsonFields.Text(v, n)),
        Does("questions", "up to 1024 of `{\"prompt\" or \"messages\", \"choices\", \"id\"}`", (r, v, n) =>
        {
            ParameterValues.List(v, n);
            r._list = v;
        }),
        Does("choices", "two texts or more, told apart by their first tokens: of those questions that bring none", (r, v, n) =>
            r._choices = Texts(v, n)),
        Does("prompt", "a single question in place of `questions`", (r, v, n) => (r._prompt, r._isSingle) = (JsonFields.Text(v, n), true)),
        Does("messages", "the same as a conversation", (r, v, _) => (r.Messages, r._isSingle) = (ChatMessages.Check(v), true)),
        .. ParameterTable.Hints("user"),
    ];

    private static readonly ParameterTable s_table = new(Rows);

    /// <summary>The questions, as long as the trees are there.</summary>
    public IReadOnlyList<QuestionLine> Questions { get; private set; } = [];

    /// <summary>Reads a body. Errors: as <see cref="ParameterTable.Read"/>.</summary>
    public static ScoreRequest Read(ReadOnlyMemory<byte> body, ServerState state, RequestMemory.Holding memory)
    {
        ScoreRequest request = new();
        s_table.Read(request, body, memory, _ => request.Complete(state, memory));
        return request;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Questions = [];
        base.Dispose();
    }

    private void Complete(ServerState state, RequestMemory.Holding memory)
    {
        ModelNames.Require(Model, state);
        if (_list.ValueKind != JsonValueKind.Undefined)
        {
            memory.Grow(MessageCopy.Bytes(_list), "'questions'"); // each is taken out of the list
            Questions = List(_list, "questions");
        }

        if (_isSingle == (Questions.Count > 0))
        {
            throw _isSingle
                ? ApiException.Invalid("questions", "give 'questions', or one 'prompt' or 'messages'", "conflicting_parameters")
                : ApiException.Invalid("questions", "'questions' is missing", "missing_parameter");
        }

        QuestionLine single = new() { Prompt = _prompt, Messages = Messages.ValueKind == JsonValueKind.Array ? Messages : null };
        Questions = [.. (_isSingle ? [single] : Questions).Select(q => q with
        {
            Choices = q.Choices ?? _choices,
            Messages = q.Messages is { } messages ? ChatHistory.Plain(messages, memory) : null,
        })];
    }

    private static QuestionLine[] List(JsonElement value, string name)
    {
        int count = ParameterValues.List(value, name);
        if (count is < 1 or > MostQuestions)
        {
            throw ApiException.Invalid(name, $"'{name}' may hold 1 to {MostQuestions} questions", "out_of_range");
        }

        QuestionLine[] questions = new QuestionLine[count];
        for (int i = 0; i < count; i++)
        {
            try
            {
                questions[i] = value[i].Deserialize(QuestionJson.Default.QuestionLine) ?? throw new JsonException();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                throw ApiException.Invalid($"{name}[{i}]",
                    $"'{name}[{i}]' must be an object of 'prompt' or 'messages', 'choices' and 'id', and nothing else", "invalid_value");
            }

            if (questions[i].Messages is { } messages)
            {
                questions[i] = questions[i] with { Messages = ChatMessages.Check(messages) };
            }
        }

        return questions;
    }

    private static string[] Texts(JsonElement value, string name)
    {
        ParameterValues.List(value, name);
        return [.. value.EnumerateArray().Select(e => JsonFields.Text(e, name))];
    }

    private static Parameter Does(string name, string note, Action<ScoreRequest, JsonElement, string> read) =>
        ChatParameters.Does(name, note, (r, v, n) => read((ScoreRequest)r, v, n));
}
