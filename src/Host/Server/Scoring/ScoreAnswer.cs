using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Session.Scoring;
using LayerStream.Templates.Runtime;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Scoring;

/// <summary>From a request for probabilities of given answers to them: the questions share the sweeps, and nothing is generated.</summary>
internal static class ScoreAnswer
{
    private const int BytesPerChoice = 512; // its text and figures, and again as JSON

    /// <summary>Answers one request.</summary>
    /// <exception cref="ApiException">What is wrong with the request.</exception>
    public static async Task SendAsync(HttpContext http, ServerState state)
    {
        using ModelRequest taken = await ModelRequest.ReadAsync(http, state, _ => RequestBody.MostBytes,
            _ => WaitingForm.Whole(JsonReply.WriteError));
        (LoadedModel model, RequestMemory.Holding memory, string id) = (taken.Model, taken.Memory, taken.Served.Id);
        ReadOnlyMemory<byte> body = taken.TakeBody();
        using Admission.Place place = state.Enter(http, taken.HasWaited);
        (JsonElement? Id, Question Question)[] asked = await PrepareAsync(body, state, model, memory, http.RequestAborted);
        body = default;
        WrittenShape shape = new(JsonReply.WriteError);
        await new AnswerRun(http, state, place, memory, shape).ExecuteAsync([], null, async ct =>
        {
            QuestionScore[] scores = await Scorer.ScoreAsync(model, [.. asked.Select(a => a.Question)],
                RequestGuard.ScopeOf(http.Request), ct);
            shape.Write(json => Write(json, id, [.. asked.Select((a, i) => QuestionReport.Of(a.Id, a.Question, scores[i]))]));
        });
    }

    private static Task<(JsonElement? Id, Question Question)[]> PrepareAsync(ReadOnlyMemory<byte> body, ServerState state,
        LoadedModel model, RequestMemory.Holding memory, CancellationToken ct)
    {
        return state.PrepareAsync(() =>
        {
            using ScoreRequest request = ScoreRequest.Read(body, state, memory);
            memory.Grow(request.TextBytes * ChatPreparation.WorkBytesPerByte, "the questions");
            (JsonElement? Id, Question Question)[] asked = [.. request.Questions.Select((q, i) => (q.Id?.Clone(), Encode(q, i, model)))];
            memory.ShrinkTo(ReplySink.WindowBytes + request.TextBytes + asked.Sum(a =>
                ((long)a.Question.Prompt.Count * ChatPreparation.BytesPerId) + ((long)a.Question.Choices.Count * BytesPerChoice)));
            return asked;
        }, ct);
    }

    private static Question Encode(QuestionLine line, int index, LoadedModel model)
    {
        string name = $"questions[{index}]";
        if (line.Prompt?.Length > (long)model.Engine.Context * model.LongestTokenBytes)
        {
            throw ChatPreparation.TooLong($"{line.Prompt.Length} characters", model, name);
        }

        try
        {
            Question question = line.ToQuestion(model.RequireTokenizer(), model.Template, model.Options.ParseMessages);
            return question.Prompt.Count < model.Engine.Context ? question
                : throw ChatPreparation.TooLong($"{question.Prompt.Count} tokens", model, name);
        }
        catch (UsageException e)
        {
            throw ApiException.Invalid(name, $"'{name}': {e.Message}", "invalid_value");
        }
        catch (TemplateException e)
        {
            throw ApiException.Invalid(name, $"'{name}': the chat template refuses these messages: {e.Message}", "template_error");
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(name, $"a text in '{name}' holds half of a surrogate pair", "invalid_string");
        }
    }

    private static void Write(Utf8JsonWriter json, string model, IReadOnlyList<QuestionReport> reports)
    {
        json.WriteStartObject();
        json.WriteString("id", "score-" + Guid.NewGuid().ToString("N"));
        json.WriteString("object", "list");
        json.WriteNumber("created", DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        json.WriteString("model", model);
        json.WriteStartArray("data");
        for (int i = 0; i < reports.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("object", "score");
            json.WriteNumber("index", i);
            ReportJson.WriteMembers(json, reports[i], ApiReportJson.Default.QuestionReport);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", reports.Sum(r => r.PromptTokens ?? 0));
        json.WriteNumber("total_tokens", reports.Sum(r => r.PromptTokens ?? 0));
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", reports.Sum(r => r.CachedTokens ?? 0));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
