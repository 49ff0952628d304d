using LayerStream.Actors.Ring;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Loading;

/// <summary>Reads every expert into its own slot when all of them fit.</summary>
internal sealed class ExpertLoader : IReadCompletion
{
    private const int InFlight = 8;
    private readonly SemaphoreSlim _room = new(InFlight);
    private readonly int[] _outstanding = new int[InFlight];
    private readonly Stack<int> _places = new(Enumerable.Range(0, InFlight));
    private FlashReadException? _failure;

    private ExpertLoader()
    {
    }

    /// <summary>Loads all experts of a plan that keeps all of them; otherwise does nothing.</summary>
    /// <exception cref="FlashReadException">One could not be read.</exception>
    internal static async Task LoadAsync(ExpertPlan plan, ExpertSlots slots, FlashReader reader, IReadOnlyList<string> files,
        IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        if (!plan.AllResident)
        {
            return;
        }

        try
        {
            await new ExpertLoader().LoadAllAsync(plan, slots, reader, files, progress, cancel);
        }
        finally
        {
            await reader.DrainAsync();
        }
    }

    /// <inheritdoc/>
    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        if (error is not null)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
        }

        if (Interlocked.Decrement(ref _outstanding[tag]) == 0)
        {
            lock (_places)
            {
                _places.Push((int)tag);
            }

            _room.Release();
        }
    }

    private async Task LoadAllAsync(ExpertPlan plan, ExpertSlots slots, FlashReader reader, IReadOnlyList<string> files,
        IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        ExpertReads reads = new(plan, reader, files);
        long total = plan.Layouts.Sum(l => l.ExpertBytes * l.Bank.Experts), done = 0;
        foreach (ExpertLayout layout in plan.Layouts)
        {
            int bank = layout.Bank.Id;
            for (int e = 0; e < layout.Bank.Experts; e++)
            {
                await _room.WaitAsync(cancel);
                ThrowIfFailed(reads, plan);
                int place;
                lock (_places)
                {
                    place = _places.Pop();
                }

                _outstanding[place] = reads.Count(bank, e);
                reads.Submit(bank, e, slots.Resident(bank, slots.Own(bank, e)), place, this, urgent: false);
            }

            done += layout.ExpertBytes * layout.Bank.Experts;
            progress?.Report(new LoadProgress("loading experts", done, total));
        }

        await reader.DrainAsync();
        ThrowIfFailed(reads, plan);
    }

    private void ThrowIfFailed(ExpertReads reads, ExpertPlan plan)
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw plan.Layouts.Select(l => reads.Named(failure, l.Bank.Id)).FirstOrDefault(n => n.Tensor is not null) ?? failure;
        }
    }
}
