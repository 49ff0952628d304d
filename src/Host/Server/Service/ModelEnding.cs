using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Session;

namespace LayerStream.Host.Server.Service;

/// <summary>Ends a loaded model: its answers have their time, then end with what they have, then their connections are broken; only when
/// nobody holds it any more is it disposed of.</summary>
internal sealed class ModelEnding(ServerState state, SwitchRules rules, CancellationToken end)
{
    /// <summary>Waits for those who hold a closed model, and disposes of it.</summary>
    /// <param name="served">The model.</param>
    /// <param name="left">Completes when nobody holds it.</param>
    /// <param name="retrySeconds">When those may come again whose turn has not come.</param>
    /// <exception cref="OperationCanceledException">The daemon ends; the model is closed and still there.</exception>
    public async Task UnloadAsync(ServedModel served, Task left, int retrySeconds)
    {
        state.Admission.PreemptAll(); // the background comes again
        if (!await EndsAsync(left, rules.MostDrain))
        {
            served.EndRunning();
            state.Admission.RefuseWaiting(new ApiException(503, "unavailable_error", "the server changes to another model",
                "model_switched")
            { RetryAfterSeconds = retrySeconds });
            if (!await EndsAsync(left, rules.SendingTime))
            {
                served.Break();
                await left.WaitAsync(end);
            }
        }

        await state.CloseAsync();
        if (served.Model.Options.LimitsHeap)
        {
            // While no model is there the heap may grow as far as the budget goes: the next one's description is read into it.
            BudgetSheet sheet = served.Model.Plan.Sheet;
            HeapLimit.TryApply(sheet.BudgetBytes - sheet.Account(AccountNames.Runtime).LimitBytes);
        }
    }

    /// <summary>Waits for a task as long as there is time.</summary>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> EndsAsync(Task task, TimeSpan time)
    {
        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(end);
        bool ends = await Task.WhenAny(task, Task.Delay(time, timer.Token)) == task;
        await timer.CancelAsync();
        end.ThrowIfCancellationRequested();
        return ends;
    }
}
