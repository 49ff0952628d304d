using System.Text.Json;
using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary>One prompt, answered by a daemon.</summary>
internal static class RemoteRun
{
    /// <summary>Asks, shows the answer and its figures. Errors: as <see cref="RemoteModel.AskAsync"/>.</summary>
    public static async Task<int> RunAsync(RemoteModel model, RemoteRequest request, ModelOptions options, CancellationToken ct)
    {
        request = request with
        {
            Stop = options.Stop.Count == 0 ? null : options.Stop,
            ReturnProgress = PromptLine.IsWatched(options) ? true : null,
        };
        using AnswerView? view = options.Json ? null : new(AnswerScreen.OfConsole());
        request = request.With(options.Sampling, new SamplingOptions());
        RemoteReply reply = await model.AskAsync(request, view is null ? null : view.Show, ct);
        view?.End();
        if (options.Json)
        {
            StandardOutput.WriteJson(reply.Report, ReportJson.Default.AnswerReport);
        }
        else
        {
            Console.Error.WriteLine(reply.Figures);
        }

        return reply.Report.FinishReason == "cancelled" ? Failures.Interrupted : Failures.Success;
    }

    /// <summary>The request with what the answer must be a text of.</summary>
    /// <exception cref="UsageException">A schema is no JSON.</exception>
    public static RemoteRequest With(RemoteRequest request, GrammarSources.Given given)
    {
        try
        {
            using JsonDocument? schema = given.SchemaFile is { } file ? JsonDocument.Parse(GrammarSources.ReadFile(file)) : null;
            return request with
            {
                JsonSchema = schema?.RootElement.Clone(),
                Grammar = given.GbnfFile is { } gbnf ? GrammarSources.ReadFile(gbnf) : null,
                GuidedRegex = given.Regex,
                GuidedChoice = given.Choices.Count == 0 ? null : given.Choices,
            };
        }
        catch (JsonException e)
        {
            throw new UsageException($"{given.SchemaFile} is no JSON: {e.Message}");
        }
    }
}
