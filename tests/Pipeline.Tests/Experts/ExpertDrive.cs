using LayerStream.Actors.Run;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Plays the decoder's part: random demands for every bank of a number of passes, every byte of every expert compared with the
/// file.</summary>
internal sealed class ExpertDrive(ExpertModel model, int seed, int passes, int rows = 1)
{
    private readonly Random _random = new(seed);
    private readonly Random _guesses = new(seed);

    /// <summary>Experts taken, in the order in which they came.</summary>
    internal List<(int Bank, int Expert)> Taken { get; } = [];

    /// <summary>Hits of each demand.</summary>
    internal List<long> Hits { get; } = [];

    /// <summary>Share of the predicted experts that are then demanded; null predicts nothing.</summary>
    internal double? Accuracy { get; init; }

    /// <summary>Microseconds between prediction and demand, by the number of the demand.</summary>
    internal Func<int, int> LeadMicros { get; init; } = _ => 0;

    /// <summary>Called before every take.</summary>
    internal Action<int>? OnTake { get; init; }

    /// <summary>False when it is part of a pass that something else ends.</summary>
    internal bool EndsPasses { get; init; } = true;

    internal void Execute(ComputeSession session)
    {
        for (int p = 0; p < passes; p++)
        {
            session.BeginPass();
            foreach (ExpertBank bank in model.Spec.ExpertBanks)
            {
                Layer(session, bank);
            }

            if (EndsPasses)
            {
                session.EndPass();
            }
        }
    }

    private unsafe void Layer(ComputeSession session, ExpertBank bank)
    {
        // A skewed popularity, as routers have it.
        SortedDictionary<int, float> chosen = [];
        for (int r = 0; r < rows * bank.Used; r++)
        {
            int expert = (int)(bank.Experts * Math.Pow(_random.NextDouble(), 2));
            chosen[expert] = chosen.GetValueOrDefault(expert) + (float)_random.NextDouble();
        }

        int[] experts = [.. chosen.Keys];
        Predict(session, bank, experts);
        long hits = session.Account.ExpertHits;
        session.Experts.Demand(bank.Id, experts, [.. chosen.Values]);
        Hits.Add(session.Account.ExpertHits - hits);
        Foresee(session, bank.Id + 1);
        HashSet<int> left = [.. experts];
        for (int i = 0; i < experts.Length; i++)
        {
            OnTake?.Invoke(Taken.Count);
            ExpertLease lease = session.Experts.Take();
            Assert.True(left.Remove(lease.Expert), $"expert {lease.Expert} of bank {bank.Id} was not demanded, or comes twice");
            for (int m = 0; m < bank.Matrices.Count; m++)
            {
                ReadOnlySpan<byte> slab = new((void*)lease.Slab(m), (int)bank.Matrices[m].SlabBytes);
                Assert.True(slab.SequenceEqual(model.Slab(bank.Id, m, lease.Expert)),
                    $"expert {lease.Expert} of bank {bank.Id}: matrix {m} is not what the file has");
            }

            Taken.Add((bank.Id, lease.Expert));
            session.Experts.Release(lease);
        }
    }

    /// <summary>While this layer's experts come: some of the next one's, by popularity.</summary>
    private void Foresee(ComputeSession session, int bank)
    {
        if (Accuracy is not { } accuracy || bank >= session.Spec.ExpertBanks.Count || !session.Experts.WantsPrediction(bank))
        {
            return;
        }

        SortedSet<int> guesses = [];
        for (int i = 0; i < 3; i++)
        {
            guesses.Add((int)(session.Spec.ExpertBanks[bank].Experts * Math.Pow(_guesses.NextDouble(), 1 + accuracy)));
        }

        session.Experts.Predict(bank, [.. guesses], [.. guesses.Select(_ => (float)_guesses.NextDouble())], early: true);
    }

    private void Predict(ComputeSession session, ExpertBank bank, int[] experts)
    {
        if (Accuracy is not { } accuracy || !session.Experts.WantsPrediction(bank.Id))
        {
            return;
        }

        SortedSet<int> guesses = [];
        foreach (int expert in experts)
        {
            int[] others = [.. Enumerable.Range(0, bank.Experts).Except(experts)];
            bool isRight = _guesses.NextDouble() < accuracy;
            guesses.Add(isRight || others.Length == 0 ? expert : others[_guesses.Next(others.Length)]);
        }

        session.Experts.Predict(bank.Id, [.. guesses], [.. guesses.Select(_ => (float)_guesses.NextDouble())], early: false);
        long until = System.Diagnostics.Stopwatch.GetTimestamp()
            + (LeadMicros(Hits.Count) * System.Diagnostics.Stopwatch.Frequency / 1_000_000);
        while (System.Diagnostics.Stopwatch.GetTimestamp() < until)
        {
            Thread.Yield();
        }
    }
}
