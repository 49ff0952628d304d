using LayerStream.Actors.Kept;
using LayerStream.Actors.Ring;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Loading;

/// <summary>Reads experts before the first run: every one into its own slot when all of them fit, else those that were used last.</summary>
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

    /// <summary>Reads experts that were in memory when the model was used last, as far as the policy gives them slots. What cannot be read
    /// is left to whoever demands it.</summary>
    internal static async Task LoadHotAsync(IReadOnlyList<HotExpert> hot, ExpertPlan plan, ExpertRing ring, FlashReader reader,
        IReadOnlyList<string> files, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        long total = hot.Sum(h => ring.ExpertBytesOf(h.Bank)), done = 0;
        if (hot.Count > 0)
        {
            ring.Cache.BeginPass();
        }

        foreach (IGrouping<int, HotExpert> bank in hot.GroupBy(h => h.Bank))
        {
            int[] experts = [.. bank.Select(h => h.Expert).Distinct()];
            float[] weights = new float[experts.Length];
            Array.Fill(weights, 1);
            ring.Cache.Touch(bank.Key, experts, weights, new bool[experts.Length]);
            try
            {
                await new ExpertLoader().LoadBankAsync(bank.Key, experts, new ExpertReads(plan, reader, files), ring, cancel);
            }
            finally
            {
                await reader.DrainAsync(); // a later bank may take a slot over
            }

            done += experts.Length * ring.ExpertBytesOf(bank.Key);
            progress?.Report(new LoadProgress("loading the experts used last", done, total));
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
                Submit(reads, bank, e, slots.Resident(bank, slots.Own(bank, e)));
            }

            done += layout.ExpertBytes * layout.Bank.Experts;
            progress?.Report(new LoadProgress("loading experts", done, total));
        }

        await reader.DrainAsync();
        ThrowIfFailed(reads, plan);
    }

    private async Task LoadBankAsync(int bank, int[] experts, ExpertReads reads, ExpertRing ring, CancellationToken cancel)
    {
        foreach (int e in experts)
        {
            if (ring.Cache.Admit(bank, e) is >= 0 and int slot)
            {
                await _room.WaitAsync(cancel);
                Submit(reads, bank, e, ring.Slots.Resident(bank, slot));
            }
        }

        for (int place = 0; place < InFlight; place++)
        {
            await _room.WaitAsync(cancel); // all have ended
        }

        if (Volatile.Read(ref _failure) is not null)
        {
            Array.ForEach(experts, e => ring.Cache.Drop(bank, e)); // nothing of the bank counts as read
        }
    }

    /// <summary>There is a place.</summary>
    private void Submit(ExpertReads reads, int bank, int expert, nint slot)
    {
        int place;
        lock (_places)
        {
            place = _places.Pop();
        }

        _outstanding[place] = reads.Count(bank, expert);
        reads.Submit(bank, expert, slot, place, this, urgent: false);
    }

    private void ThrowIfFailed(ExpertReads reads, ExpertPlan plan)
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw plan.Layouts.Select(l => reads.Named(failure, l.Bank.Id)).FirstOrDefault(n => n.Tensor is not null) ?? failure;
        }
    }
}
