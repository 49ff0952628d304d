using System.Diagnostics;
using System.Threading.Channels;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server.Chat;

/// <summary>One generation: the engine writes, the response reads.</summary>
internal sealed class ChatRun
{
    private readonly Channel<ChatEvent> _events = Channel.CreateUnbounded<ChatEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ServedModel _model;
    private readonly ChatRequest _request;
    private readonly int[] _prompt;
    private readonly StopRules _stop;
    private readonly IncrementalDetokenizer _detokenizer;
    private readonly SamplerChain _sampler;
    private long _firstToken;

    /// <summary>Prepares sampling and stop rules.</summary>
    public ChatRun(ServedModel model, ChatRequest request, int[] prompt)
    {
        _model = model;
        _request = request;
        _prompt = prompt;
        _stop = new StopRules(model.Tokenizer.EndOfGeneration, request.Stop, request.IgnoreEos);
        _detokenizer = new IncrementalDetokenizer(model.Tokenizer);
        _sampler = Generation.CreateSampler(model.Tokenizer, request.Sampling, model.Engine.Spec.Vocabulary);
    }

    /// <summary>Pieces and progress; completes when the run has ended.</summary>
    public ChannelReader<ChatEvent> Events => _events.Reader;

    /// <summary>Stopwatch ticks of the first token; 0 = none yet.</summary>
    public long FirstTokenTicks => Volatile.Read(ref _firstToken);

    /// <summary>Runs to the end.</summary>
    /// <exception cref="Exception">As <see cref="Engine.RunAsync(RunRequest, CancellationToken)"/>.</exception>
    public async Task<RunResult> ExecuteAsync(CancellationToken ct)
    {
        try
        {
            RunResult result = await _model.Engine.RunAsync(
                new RunRequest
                {
                    Prompt = _prompt,
                    MaxTokens = Math.Min(_request.MaxTokens ?? int.MaxValue, _model.Engine.Context - _prompt.Length),
                    Sample = _sampler.Sample,
                    OnToken = Take,
                    OnPrompt = _request.ReturnProgress ? (done, total) => _events.Writer.TryWrite(new ChatEvent(null, done, total)) : null,
                },
                ct);
            if (result.FinishReason == "length")
            {
                Write(_stop.Append(_detokenizer.Flush()).Text);
                Write(_stop.Flush());
            }

            return result;
        }
        finally
        {
            _events.Writer.TryComplete();
        }
    }

    private bool Take(int id)
    {
        if (_firstToken == 0)
        {
            Volatile.Write(ref _firstToken, Stopwatch.GetTimestamp());
        }

        StopDecision decision = _stop.Check(id, _detokenizer.Append(id));
        bool isEnd = !_request.IgnoreEos && _model.Tokenizer.EndOfGeneration.Contains(id);
        Write(decision.Text, isEnd ? null : _sampler.LogProbabilities);
        return decision.Stop;
    }

    private void Write(string text, TokenLogProbabilities? probabilities = null)
    {
        if (text.Length > 0 || probabilities is not null)
        {
            _events.Writer.TryWrite(new ChatEvent(text, 0, 0, probabilities));
        }
    }
}
