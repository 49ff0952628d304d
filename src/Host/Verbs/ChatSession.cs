using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Templates;
using LayerStream.Templates.Answers;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary>One conversation and the model that answers.</summary>
internal sealed class ChatSession : IChatPartner
{
    private readonly LoadedModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate? _template;
    private readonly ChatState _state;

    /// <summary>Answers for a conversation. Errors: <see cref="UsageException"/> when the model has no tokenizer.</summary>
    public ChatSession(LoadedModel model, ChatState state)
    {
        _model = model;
        _tokenizer = model.RequireTokenizer();
        _template = model.Template;
        _state = state;
    }

    /// <inheritdoc/>
    public async Task<ChatAnswer> AskAsync(string question, AnswerScreen? screen, CancellationToken ct)
    {
        string answer = "";
        AnswerView? view = null;
        _state.Conversation.Ask(question);
        try
        {
            RenderedPrompt rendered = ChatPrompt.Render(_tokenizer, _template, _state.Conversation.Messages);
            int[] prompt = ChatPrompt.Encode(_tokenizer, rendered, _model.Options.ParseMessages);
            GenerationRequest request = new()
            {
                Prompt = prompt,
                MaxTokens = _state.MaxTokens,
                Sampling = _state.Sampling,
                Stop = _model.Options.Stop,
                ReuseScope = "",
                VisibleTokens = _model.MarkTokens,
                ReportsPrompt = PromptLine.IsWanted(_model.Options, prompt.Length),
            };
            AnswerFormat format = _model.AnswerFormat;
            view = screen is null ? null : new AnswerView(screen, format, format.OpensThought(rendered.Text));
            Reply reply = await Generation.AnswerAsync(_model, request, view is null ? null : view.Show, ct);
            answer = reply.Text;
            view?.End();
            return new ChatAnswer(RunVerb.Stats(reply.Result, _model.Plan), () =>
                StandardOutput.WriteJson(RunReport.Of(reply, _model.Plan, _model.Tokenizer), ReportJson.Default.RunReport));
        }
        finally
        {
            view?.Dispose();
            _state.Conversation.Answer(answer);
        }
    }
}
