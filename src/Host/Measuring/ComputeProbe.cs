using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Measuring;

/// <summary>
/// Measures how long a model computes a token when all it needs is in memory: real passes through all its layers, over a sample of its
/// weights of each type, larger than the processor's caches. What it computes is meaningless; how long it takes is not.
/// </summary>
internal static class ComputeProbe
{
    private const int FewestPasses = 3, Context = 64;

    /// <summary>Runs passes for about <paramref name="time"/>, at least three, the first uncounted; gives the medians.</summary>
    public static ComputeTimes Measure(GgufModel model, EnginePlan plan, ModelOptions options, TimeSpan time)
    {
        ModelSpec spec = plan.Spec;
        BudgetAccount account = plan.MeasuringAccount();
        using SampleWeights weights = SampleWeights.Read(model, plan, account);
        using AlignedBuffer small = ReadSmall(model, spec, account);
        using Workspace work = Workspace.Create(spec, 1, 1, plan.Threads, account);
        using KvPages pages = new(new PageLayout(spec, options.KvType), PageLayout.Pages(Context), account);
        using SequenceState sequence = new(spec, Math.Min(Context, plan.Context), pages, account);
        using ComputeCrew crew = new(plan.Threads);
        ProbeSource source = new(weights, spec, spec.ExpertBanks.Count > 0 && plan.Experts.TransientSlots > 1
            && options.Prediction != PredictionMode.Off);
        Decoder decoder = new(
            spec, plan.Memory.Tiles, source, crew, work, small, RopeTables.Create(spec, small, Math.Min(Context, plan.Context)),
                options.Activations, source);
        List<ComputeTimes> times = [];
        long begin = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < FewestPasses || Stopwatch.GetElapsedTime(begin) < time; pass++)
        {
            Fill(decoder.InputRow(0), pass);
            Fill(decoder.LayerInputRow(0), pass);
            source.Begin();
            long start = Stopwatch.GetTimestamp();
            decoder.RunLayers([new PassRow(sequence, 0, pass % sequence.Context)], 1, 0, spec.Layers.Count);
            decoder.Head(0, 1);
            times.Add(source.Times(Stopwatch.GetElapsedTime(start).TotalSeconds));
        }

        times.RemoveAt(0);
        double sampling = SamplingSeconds(spec.Vocabulary, options);
        double Usual(Func<ComputeTimes, double> of) => times.Select(of).Order().ElementAt(times.Count / 2);
        return new ComputeTimes(
            Usual(t => t.OutsideSeconds) + sampling, Usual(t => t.BeforeSeconds), Usual(t => t.GuessSeconds), Usual(t => t.BesideSeconds),
                Usual(t => t.ExpertSeconds), times[0].ExpertLayers);
    }

    /// <summary>What drawing a token takes, from logits spread as a model's are.</summary>
    private static double SamplingSeconds(int vocabulary, ModelOptions options)
    {
        SamplerChain sampler = Generation.CreateSampler(null, options.Sampling, vocabulary);
        Random random = new(1);
        float[] logits = [.. Enumerable.Range(0, vocabulary)
            .Select(_ => 2 * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle()))];
        float[] row = new float[vocabulary];
        double[] seconds = new double[5];
        for (int i = 0; i < seconds.Length; i++)
        {
            logits.CopyTo(row, 0);
            long begin = Stopwatch.GetTimestamp();
            sampler.Sample(row, []);
            seconds[i] = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        }

        return seconds.Order().ElementAt(seconds.Length / 2);
    }

    private static void Fill(Span<float> row, int pass)
    {
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = MathF.Sin((i * 0.7f) + pass);
        }
    }

    /// <summary>Norms and biases as they are: recurrent states must not grow without bounds.</summary>
    private static AlignedBuffer ReadSmall(GgufModel model, ModelSpec spec, BudgetAccount account)
    {
        AlignedBuffer small = account.Allocate(spec.SmallWeightBytes);
        foreach (SmallWeight weight in spec.SmallWeights)
        {
            byte[] bytes = SampleWeights.ReadBytes(model, weight.Tensor.Extent, checked((int)weight.Tensor.Extent.Length));
            Dequantize.Row(weight.Tensor.Type, bytes, small.Floats(weight.ByteOffset, weight.Count));
        }

        return small;
    }

    /// <summary>Hands out places of the sample instead of tiles and experts, and takes the time.</summary>
    private sealed class ProbeSource(SampleWeights samples, ModelSpec spec, bool predicts) : ITileSource, IExpertSource
    {
        private readonly HashSet<int> _expertLayers = [.. spec.ExpertBanks.Select(b => b.Layer)];
        private readonly Queue<int> _experts = new();
        private ExpertBank? _bank;
        private long _layerBegin; // 0 = not in a layer with experts
        private long _demanded, _before, _guess, _beside, _inExperts, _taken;
        private int _layers, _count;

        public void Begin() => (_bank, _layerBegin, _before, _guess, _beside, _inExperts, _layers, _count) = (null, 0, 0, 0, 0, 0, 0, 0);

        public nint Acquire(in Tile tile)
        {
            WeightMatrix matrix = spec.Matrices[tile.Matrix];
            // While experts are still to be taken, the next layer's router is only asked ahead.
            if (_bank is not null && matrix.Layer != _bank.Layer && _experts.Count == 0)
            {
                EndLayer();
            }

            if (_layerBegin == 0 && _expertLayers.Contains(matrix.Layer))
            {
                _layerBegin = Stopwatch.GetTimestamp();
            }

            return samples.Next(matrix.Tensor.Type, tile.Extent.Length);
        }

        public void Release(in Tile tile)
        {
        }

        public bool IsHeld(in Tile tile) => true;

        public void Demand(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> sums)
        {
            (_bank, _demanded) = (spec.ExpertBanks[bank], Stopwatch.GetTimestamp());
            _before += _demanded - _layerBegin;
            _layers++;
            foreach (int expert in experts)
            {
                _experts.Enqueue(expert);
            }
        }

        public bool IsResident(int bank, int expert) => true;

        public bool WantsPrediction(int bank) => predicts;

        public void Predict(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, bool early) =>
            _guess += early ? 0 : Stopwatch.GetTimestamp() - _layerBegin; // an early guess counts as beside the experts

        public bool HasReady => _experts.Count > 0;

        public ExpertLease Take()
        {
            nint Slab(int m) => m < _bank!.Matrices.Count ? samples.Next(_bank.Matrices[m].Type, _bank.Matrices[m].SlabBytes) : 0;
            _taken = Stopwatch.GetTimestamp();
            return new ExpertLease(_experts.Dequeue(), 0, Slab(0), Slab(1), Slab(2));
        }

        public void Release(in ExpertLease lease)
        {
            long now = Stopwatch.GetTimestamp(); // of several held together the first has all the time
            _inExperts += now - _taken;
            (_taken, _count) = (now, _count + 1);
        }

        public ComputeTimes Times(double seconds)
        {
            if (_bank is not null)
            {
                EndLayer(); // a model whose head has no tiles of its own
            }

            double beside = Math.Max(0, _beside - _inExperts), tick = 1.0 / Stopwatch.Frequency;
            return _layers == 0
                ? ComputeTimes.Dense(seconds)
                : new ComputeTimes(seconds - ((_before + beside + _inExperts) * tick), _before * tick / _layers, _guess * tick / _layers,
                beside * tick / _layers, _inExperts * tick / Math.Max(1, _count), _layers);
        }

        private void EndLayer()
        {
            _beside += Stopwatch.GetTimestamp() - _demanded;
            (_bank, _layerBegin) = (null, 0);
        }
    }
}
