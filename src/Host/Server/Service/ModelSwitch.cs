using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Server.Service;

/// <summary>
/// The one owner of which model is loaded. A request for the loaded one gets a hold of it; others wait here. A loaded model stays for as
/// long as it took to load, so that two clients that alternate do not spend their time with loading; then it takes no more requests,
/// finishes those it has, is disposed of, and the model that has been waited for longest is loaded. One at a time: the memory of the old
/// is back before that of the new is taken.
/// </summary>
internal sealed class ModelSwitch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly WaitingRequests _waiting = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ServerState _state;
    private readonly SwitchRules _rules;
    private readonly ModelEnding _ending;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ServableModel? _loaded, _last, _loading;
    private TimeSpan _loadTime;
    private long _readySince;
    private TimeSpan? _keepTime;
    private volatile bool _unloads, _isUnloading, _isEnding;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="models">The models.</param>
    /// <param name="state">Where the loaded one is found.</param>
    /// <param name="rules">How it changes.</param>
    public ModelSwitch(ServableModels models, ServerState state, SwitchRules rules)
    {
        (Models, _state, _rules, _keepTime) = (models, state, rules, rules.IdleTime);
        _ending = new ModelEnding(state, rules, _end.Token);
    }

    /// <summary>The models.</summary>
    public ServableModels Models { get; }

    /// <summary>Memory of bodies that wait until their model is loaded.</summary>
    public RequestMemory Bodies { get; } = new(new BudgetAccount("bodies that wait for a model", ModelOptions.WaitingBodyBytes));

    /// <summary>Whether requests may delete model files.</summary>
    public bool AllowsDelete => _rules.AllowsDelete;

    /// <summary>The model being loaded, or null.</summary>
    public ServableModel? LoadingNow => _loading;

    /// <summary>Whether the loaded model is being ended.</summary>
    public bool IsUnloading => _isUnloading;

    /// <summary>Whether the daemon serves: the first model was loaded, or none was named.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>How long the loaded model stays when nobody uses it; null = for ever.</summary>
    public TimeSpan? KeepTime => Read(() => _keepTime);

    /// <summary>Requests that wait for a model.</summary>
    public int Waiting => Read(() => _waiting.Count);

    /// <summary>The model that a request means which names none: the one that is loaded, is being loaded, or was last; null = none
    /// ever was.</summary>
    public ServableModel? Current => _loading ?? _loaded ?? _last;

    /// <summary>What a name means.</summary>
    /// <exception cref="ApiException">404: no model has the name, or several do.</exception>
    public ServableModel Resolve(string? name) => NamedModel.Of(this, name);

    /// <summary>A hold of a model, at once if it is loaded; else when it is.</summary>
    /// <exception cref="ApiException">The model cannot be loaded; 429 when too many wait; 503 while the daemon ends.</exception>
    public async Task<ModelHold> TakeAsync(ServableModel target, CancellationToken ct)
    {
        WaitingRequest request = new(target);
        lock (_lock)
        {
            if (_isEnding)
            {
                throw Admission.Draining;
            }

            if (target.Is(_loaded) && _state.Served?.TryHold() is { } hold)
            {
                return hold;
            }

            if (LoadRefusal.Of(target, Models.Report(target)) is { } refusal)
            {
                throw refusal;
            }

            if (_waiting.Count >= _rules.MostWaiting)
            {
                throw new ApiException(429, "rate_limit_error", $"{_rules.MostWaiting} requests wait for other models already; try again "
                    + "later", "queue_full")
                { RetryAfterSeconds = RetrySeconds() };
            }

            _waiting.Add(request);
            Tell();
        }

        await using CancellationTokenRegistration left = ct.Register(() => Forget(request, ct));
        return await request.Hold;
    }

    /// <summary>What a model is doing.</summary>
    public string StateOf(ServableModel model) => model.Is(_loading) ? "loading"
        : !model.Is(_loaded) ? "available" : _isUnloading ? "unloading" : "loaded";

    /// <summary>Has the loaded model unloaded as soon as nobody uses it or waits for it, if it is the one that is meant.</summary>
    public void Unload(ServableModel model)
    {
        lock (_lock)
        {
            _unloads |= model.Is(_loaded);
            Tell();
        }
    }

    /// <summary>How long the loaded model stays when nobody uses it, until somebody says otherwise or another is loaded; null = for
    /// ever.</summary>
    public void Keep(ServableModel model, TimeSpan? time)
    {
        lock (_lock)
        {
            (_keepTime, _unloads) = model.Is(_loaded) ? (time, false) : (_keepTime, _unloads);
            Tell();
        }
    }

    /// <summary>Looks into models, and loads the one that the daemon was started with.</summary>
    /// <returns>The model; null when none was named.</returns>
    /// <exception cref="Exception">It cannot be loaded.</exception>
    public async Task<LoadedModel?> StartAsync(CancellationToken ct)
    {
        bool isChosen = Models.BudgetBytes is not null;
        Models.BudgetBytes ??= (long)(MemoryLimits.Read().FreeBytes * EnginePlanner.DefaultShare);
        Models.Plan(null, _rules.PlanningTime, ct);
        if (Models.Default is null)
        {
            _state.Planned.TrySetResult();
            HasStarted = true;
            return null;
        }

        try
        {
            await LoadAsync(Models.Default, ct);
        }
        catch (BudgetTooSmallException e) when (!isChosen && MemoryLimits.Cover(e.SmallestBudgetBytes))
        {
            DaemonLog.Warning($"Memory is short: using the smallest budget that works, {ByteSize.Format(e.SmallestBudgetBytes)}.");
            Models.BudgetBytes = e.SmallestBudgetBytes;
            await LoadAsync(Models.Default, ct);
        }

        HasStarted = true;
        return _state.Served!.Model;
    }

    /// <summary>Serves until it is told to end; a model that is loaded then is left to <see cref="EndAsync"/>.</summary>
    public async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                Task news = News();
                if (Next() is null && !IsIdle(out TimeSpan pause))
                {
                    await _ending.EndsAsync(news, pause);
                    continue;
                }

                await ChangeAsync();
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                DaemonLog.Warning($"a model could not be unloaded: {string.Join(" < ", LoadRefusal.Causes(e))}");
                Refuse(null, new ApiException(503, "unavailable_error", "the loaded model could not be unloaded", "model_load_failed")
                {
                    RetryAfterSeconds = 30,
                });
            }
        }
    }

    /// <summary>From now on refuses those who wait and loads nothing.</summary>
    public void Drain()
    {
        lock (_lock)
        {
            _isEnding = true;
            _waiting.Refuse(null, Admission.Draining);
        }

        _end.Cancel();
        Tell();
    }

    /// <summary>Disposes of the model that is loaded, if any; nobody uses it any more.</summary>
    public Task EndAsync()
    {
        Drain();
        return _state.CloseAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();

    private async Task ChangeAsync()
    {
        if ((_state.Served is { } served && !await LeavesAsync(served)) || Next() is not { } wanted)
        {
            return;
        }

        try
        {
            _loading = wanted;
            Models.Plan(wanted, _rules.PlanningTime, _end.Token);
            if (LoadRefusal.Of(wanted, Models.Report(wanted)) is { } refusal)
            {
                throw refusal;
            }

            await LoadAsync(wanted, _end.Token);
        }
        catch (Exception e) when (!_end.IsCancellationRequested)
        {
            DaemonLog.Warning($"'{wanted.Id}' could not be loaded: {string.Join(" < ", LoadRefusal.Causes(e))}");
            if (LoadRefusal.Lasting(e) is { } problem)
            {
                Models.Refuse(wanted, problem);
            }

            Refuse(wanted, LoadRefusal.Of(wanted, e));
        }
        finally
        {
            _loading = null;
        }
    }

    // Whether the loaded model has gone: it stays while its time is not over, and when nobody waits any more.
    private async Task<bool> LeavesAsync(ServedModel served)
    {
        if (served.Model.Engine.Failure is { } failure)
        {
            Refuse(null, new ApiException(503, "unavailable_error",
                $"the engine has failed ({failure.Message}); the server must be started again", "engine_failed"));
            await Task.Delay(TimeSpan.FromSeconds(1), _end.Token);
            return false;
        }

        TimeSpan stay = (_loadTime < SwitchRules.MostStay ? _loadTime : SwitchRules.MostStay) - Stopwatch.GetElapsedTime(_readySince);
        if (Next() is not null && stay > TimeSpan.Zero)
        {
            await Task.Delay(stay, _end.Token);
        }

        Task? left = Next() is not null ? served.Close() : IsIdle(out _) ? served.CloseIdle() : null;
        if (left is null)
        {
            return false;
        }

        _isUnloading = true;
        try
        {
            await _ending.UnloadAsync(served, left, RetrySeconds());
            _loaded = null;
            DaemonLog.Notice($"unloaded: {served.Id}");
            return true;
        }
        finally
        {
            _isUnloading = false;
        }
    }

    private async Task LoadAsync(ServableModel target, CancellationToken ct)
    {
        long since = Stopwatch.GetTimestamp();
        _state.Progress = new LoadProgress("opening", 0, 0);
        _loading = target;
        try
        {
            LoadedModel model = await _rules.Load(target.Options, ct);
            lock (_lock)
            {
                ServedModel served = new(target.Id, model);
                _state.Open(served);
                (_loaded, _last, _loading, _keepTime, _unloads) = (target, target, null, _rules.IdleTime, false);
                (_loadTime, _readySince) = (Stopwatch.GetElapsedTime(since), Stopwatch.GetTimestamp());
                _waiting.Grant(target, served);
            }

            DaemonLog.Ready(target.Id, model.Engine.Context, ByteSize.Format(model.Plan.Sheet.BudgetBytes));
        }
        finally
        {
            _loading = null;
        }
    }

    private void Refuse(ServableModel? model, Exception reason)
    {
        lock (_lock)
        {
            _waiting.Refuse(model, reason);
        }
    }

    private void Forget(WaitingRequest request, CancellationToken ct)
    {
        lock (_lock)
        {
            _waiting.Remove(request);
        }

        request.Leave(ct);
    }

    // The model that has been waited for longest: it is not loaded, or takes no more requests.
    private ServableModel? Next() => Read(() => _waiting.First);

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    private bool IsIdle(out TimeSpan pause)
    {
        pause = Timeout.InfiniteTimeSpan;
        lock (_lock)
        {
            if (_state.Served is not { } served || (_keepTime is null && !_unloads))
            {
                return false;
            }

            if (served.IdleSince is not { } since)
            {
                pause = TimeSpan.FromSeconds(1); // and looks again
                return false;
            }

            pause = _unloads ? TimeSpan.Zero : _keepTime!.Value - (DateTime.UtcNow - since);
            return pause <= TimeSpan.Zero;
        }
    }

    private Task News()
    {
        lock (_lock)
        {
            if (_news.Task.IsCompleted)
            {
                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _news.Task;
        }
    }

    private void Tell()
    {
        lock (_lock)
        {
            _news.TrySetResult();
        }
    }

    private int RetrySeconds() => Math.Clamp((int)Math.Ceiling(2 * _loadTime.TotalSeconds), 1, 600);
}
