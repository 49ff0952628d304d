using System.Buffers;
using System.Diagnostics;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>
/// A request with its body and a hold of the model it names, which is loaded for it if it is not. As long as it waits the client hears a
/// sign of life now and then, where its protocol has one.
/// </summary>
internal sealed class ModelRequest : IDisposable
{
    private static readonly object s_item = new();

    private readonly HttpContext _http;
    private readonly Func<RequestHead, WaitingForm>? _form;
    private readonly TimeSpan _firstSign;
    private CancellationTokenRegistration _broken;
    private ModelHold? _hold;
    private WaitingForm? _waitingForm;
    private ReadOnlyMemory<byte> _body;

    private ModelRequest(HttpContext http, RequestMemory.Holding memory, Func<RequestHead, WaitingForm>? form, TimeSpan firstSign) =>
        (_http, Memory, _form, _firstSign) = (http, memory, form, firstSign);

    /// <summary>What the request holds, of the account of its model.</summary>
    public RequestMemory.Holding Memory { get; }

    /// <summary>The model, with what belongs to it.</summary>
    public ServedModel Served => _hold!.Served;

    /// <summary>The model.</summary>
    public LoadedModel Model => Served.Model;

    /// <summary>Whether it has waited for its model already.</summary>
    public bool HasWaited { get; private set; }

    /// <summary>Where signs of life have gone to; null while none has.</summary>
    public ReplySink? Sink { get; private set; }

    /// <summary>The request that is being answered, or null.</summary>
    public static ModelRequest? Of(HttpContext http) => http.Items.TryGetValue(s_item, out object? found) ? (ModelRequest?)found : null;

    /// <summary>Reads the body and gets the model.</summary>
    /// <param name="http">The request.</param>
    /// <param name="state">The daemon.</param>
    /// <param name="limitBytes">Longest body for a model.</param>
    /// <param name="form">How the client is kept while it waits, and that it gets an answer of any length; null = a short one, at
    /// once.</param>
    /// <param name="see">Sees the body before its model is waited for; may throw.</param>
    /// <exception cref="ApiException">What is wrong with the request; its model is unknown or cannot be loaded; too many wait.</exception>
    public static async Task<ModelRequest> ReadAsync(HttpContext http, ServerState state, Func<LoadedModel, long> limitBytes,
        Func<RequestHead, WaitingForm>? form, Action<ReadOnlyMemory<byte>>? see = null)
    {
        RequestGuard.RequireJson(http.Request);
        if (state.Admission.IsDraining)
        {
            throw Admission.Draining;
        }

        ModelHold? hold = state.Served?.TryHold();
        if (hold is null && state.Switch is not { HasStarted: true })
        {
            throw ServerState.Loading;
        }

        bool isUnsent = ServerState.PlaceOf(http) is { IsBackground: true }; // nobody hears signs
        RequestMemory account = hold?.Served.Memory ?? state.Switch!.Bodies;
        ModelRequest request = new(http, account.Open(), isUnsent ? null : form, state.FirstSign) { _hold = hold };
        http.Items[s_item] = request;
        try
        {
            if (form is not null)
            {
                request.Memory.Grow(ReplySink.WindowBytes, "an answer");
            }

            long limit = hold is null || state.Switch is not null ? RequestBody.MostBytes : limitBytes(hold.Served.Model);
            request._body = await RequestBody.ReadAsync(http, request.Memory, limit);
            see?.Invoke(request._body);
            if (state.Switch is { } models)
            {
                await request.ChangeAsync(models);
                request.CheckLength(limitBytes(request.Model));
            }

            request._broken = request.Served.Broken.Register(http.Abort);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    /// <summary>The body; whoever takes it is the last to hold it.</summary>
    public ReadOnlyMemory<byte> TakeBody()
    {
        ReadOnlyMemory<byte> body = _body;
        _body = default;
        return body;
    }

    /// <summary>Says behind signs of life that the request has failed, and breaks the connection.</summary>
    public async Task FailAsync(ApiException error)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        _waitingForm!.Fail(buffer, error);
        try
        {
            Sink!.Send(buffer.WrittenSpan);
        }
        catch (ApiException)
        {
            // The client reads too slowly for an error as well.
        }

        await Sink!.BreakAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _broken.Dispose();
        Memory.Dispose();
        _hold?.Dispose();
    }

    private async Task ChangeAsync(ModelSwitch models)
    {
        RequestHead head = RequestHead.Of(_body);
        ServableModel target = models.Resolve(head.Model);
        if (_hold is { } held && target.Id.Equals(held.Served.Id, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (_hold is { } other)
        {
            Memory.MoveTo(models.Bodies, "a request that waits for its model");
            other.Dispose();
            _hold = null;
        }

        Task<ModelHold> taking = models.TakeAsync(target, _http.RequestAborted);
        HasWaited = !taking.IsCompleted;
        await SignWhileAsync(taking, head);
        _hold = await taking;
        Memory.MoveTo(_hold.Served.Memory, "the request");
    }

    private async Task SignWhileAsync(Task wait, RequestHead head)
    {
        long last = Stopwatch.GetTimestamp();
        while (!wait.IsCompleted && _form is not null)
        {
            TimeSpan pause = (Sink is null ? _firstSign : AnswerRun.SignInterval) - Stopwatch.GetElapsedTime(last);
            using CancellationTokenSource timer = new();
            Task delay = Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, timer.Token);
            if (await Task.WhenAny(wait, delay) == delay)
            {
                _waitingForm ??= _form(head);
                Sink ??= new ReplySink(_http, Memory, _waitingForm.ContentType);
                Sink.Send(_waitingForm.Sign);
                last = Stopwatch.GetTimestamp();
            }

            await timer.CancelAsync();
        }
    }

    private void CheckLength(long limitBytes)
    {
        if (_body.Length > limitBytes)
        {
            throw new ApiException(413, "invalid_request_error", "the body is larger than any prompt that fits into the context",
                "body_too_large");
        }
    }
}
