using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary>One conversation and the daemon that answers.</summary>
/// <param name="model">The daemon.</param>
/// <param name="name">The name of its model.</param>
/// <param name="options">Options of this side.</param>
/// <param name="state">The conversation.</param>
internal sealed class RemoteChat(RemoteModel model, string name, ModelOptions options, ChatState state) : IChatPartner
{
    private static readonly SamplingOptions s_usual = new();

    /// <inheritdoc/>
    public async Task<ChatAnswer> AskAsync(string question, AnswerScreen? screen, CancellationToken ct)
    {
        string answer = "";
        using AnswerView? view = screen is null ? null : new(screen);
        state.Conversation.Ask(question);
        try
        {
            RemoteRequest request = new()
            {
                Model = name,
                Messages = [.. state.Conversation.Messages.Select(m => new ChatMessage(m.Role, m.Content))],
                MaxTokens = state.MaxTokens,
                Stop = options.Stop.Count == 0 ? null : options.Stop,
                ReturnProgress = PromptLine.IsWatched(options) ? true : null,
            };
            RemoteReply reply = await model.AskAsync(request.With(state.Sampling, s_usual), view is null ? null : view.Show, ct);
            answer = reply.Report.Text;
            view?.End();
            return new ChatAnswer(reply.Figures, () => StandardOutput.WriteJson(reply.Report, ReportJson.Default.AnswerReport));
        }
        finally
        {
            state.Conversation.Answer(answer);
        }
    }
}
