using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary>The messages of one conversation and the model that answers.</summary>
internal sealed class ChatSession
{
    private readonly LoadedModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate? _template;
    private readonly ModelOptions _options;
    private readonly string? _system;
    private readonly int _maxTokens;
    private readonly List<(string Role, string Content)> _messages = [];

    /// <summary>An empty conversation. Errors: <see cref="UsageException"/> when the model has no tokenizer.</summary>
    public ChatSession(LoadedModel model, string? system, int maxTokens)
    {
        _model = model;
        _tokenizer = model.RequireTokenizer();
        _template = model.Template;
        _options = model.Options;
        _system = system;
        _maxTokens = maxTokens;
        Reset();
    }

    /// <summary>Forgets everything but the system message.</summary>
    public void Reset()
    {
        _messages.Clear();
        if (_system is not null)
        {
            _messages.Add(("system", _system));
        }
    }

    /// <summary>Asks; question and answer are remembered if there was an answer, a cut-off one included.</summary>
    public async Task<Reply> AskAsync(string question, Action<GenerationEvent>? show, CancellationToken ct)
    {
        int before = _messages.Count;
        _messages.Add(("user", question));
        try
        {
            RenderedPrompt rendered = ChatPrompt.Render(_tokenizer, _template, _messages);
            int[] prompt = ChatPrompt.Encode(_tokenizer, rendered, _options.ParseMessages);
            GenerationRequest request = new()
            {
                Prompt = prompt,
                MaxTokens = _maxTokens,
                Sampling = _options.Sampling,
                Stop = _options.Stop,
                ReuseScope = "",
                ReportsPrompt = PromptLine.IsWanted(_options, prompt.Length),
            };
            Reply reply = await Generation.AnswerAsync(_model, request, show, ct);
            if (reply.Text.Length > 0)
            {
                _messages.Add(("assistant", reply.Text));
            }

            return reply;
        }
        finally
        {
            if (_messages.Count == before + 1)
            {
                _messages.RemoveAt(before);
            }
        }
    }
}
