using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary>One conversation and the model that answers.</summary>
internal sealed class ChatSession
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

    /// <summary>Asks; question and answer are remembered if there was an answer, a cut-off one included.</summary>
    public async Task<Reply> AskAsync(string question, Action<GenerationEvent>? show, CancellationToken ct)
    {
        string answer = "";
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
                ReportsPrompt = PromptLine.IsWanted(_model.Options, prompt.Length),
            };
            Reply reply = await Generation.AnswerAsync(_model, request, show, ct);
            answer = reply.Text;
            return reply;
        }
        finally
        {
            _state.Conversation.Answer(answer);
        }
    }
}
