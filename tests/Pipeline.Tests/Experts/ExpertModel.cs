using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Pipeline.Tests;

/// <summary>The tiny dense model with a second file full of experts: six banks of two sizes, slabs at odd offsets, the last one up to the
/// file's end.</summary>
internal sealed class ExpertModel : IDisposable
{
    internal const int Used = 4;
    private const int Banks = 6;
    private const int LargeBank = 3; // its slabs are read in pieces
    private readonly byte[] _bytes;

    internal ExpertModel(int seed = 1)
    {
        List<ExpertBank> banks = [];
        long at = 32;
        for (int b = 0; b < Banks; b++)
        {
            (int experts, int columns, int rows) = b == LargeBank ? (5, 1024, 500) : (16, 96, 50 + b);
            int matrices = b == 4 ? 2 : 3;
            List<ExpertMatrix> parts = [];
            for (int m = 0; m < matrices; m++)
            {
                int height = b == LargeBank && m > 0 ? 33 : rows;
                long bytes = columns * 4L * height * experts;
                parts.Add(new ExpertMatrix(Tensor($"blk.{b}.part{m}", columns, height, experts, new Extent(1, at, bytes)), height));
                at += bytes + (32 * (1 + ((b * 7) + m) % 5));
            }

            banks.Add(new ExpertBank { Id = b, Layer = b, Experts = experts, Used = Math.Min(Used, experts), Matrices = parts });
        }

        Extent last = banks[^1].Matrices[^1].Tensors[0].Extent;
        _bytes = new byte[last.Offset + last.Length];
        new Random(seed).NextBytes(_bytes);
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"experts-{Guid.NewGuid():N}.bin");
        File.WriteAllBytes(Path, _bytes);
        EnginePlan dense = TinyModel.StreamingPlan(TinyModel.Options());
        Spec = dense.Spec with { ExpertBanks = banks };
    }

    internal string Path { get; }

    internal ModelSpec Spec { get; }

    /// <summary>Bytes of expert e's slab of a matrix, as they are in the file.</summary>
    internal ReadOnlySpan<byte> Slab(int bank, int matrix, int expert)
    {
        Extent slab = Spec.ExpertBanks[bank].Matrices[matrix].Slab(expert);
        return _bytes.AsSpan((int)slab.Offset, (int)slab.Length);
    }

    /// <summary>Slots for <paramref name="residents"/> experts of each bank, as far as it has some.</summary>
    internal EnginePlan Plan(EngineOptions options, int residents, int transients, bool hasPlacePerClass = false)
    {
        EnginePlan plan = TinyModel.StreamingPlan(options, tileBytes: 16 * 1024);
        return plan.Divided(Spec, plan.Memory with { Experts = Division(Spec, residents, transients, hasPlacePerClass) });
    }

    /// <summary>Slots for <paramref name="residents"/> experts of each bank, as far as it has some; a class for each size that is far from
    /// the others.</summary>
    internal static ExpertPlan Division(ModelSpec spec, int residents, int transients, bool hasPlacePerClass = false)
    {
        ExpertLayout[] layouts = [.. spec.ExpertBanks.Select(b => new ExpertLayout(b))];
        ExpertSlotClass[] classes = [.. layouts.GroupBy(l => l.SlotBytes > 1 << 20).Select(g => new ExpertSlotClass(
            g.Max(l => l.SlotBytes), [.. g.Select(l => l.Bank.Id)], [.. g.Select(l => Math.Min(residents, l.Bank.Experts))],
                g.Max(l => l.Bank.Experts), g.Max(l => l.Bank.Used)))];
        return ExpertPlan.None with
        {
            Layouts = layouts,
            Classes = classes,
            TransientSlots = transients,
            TransientSlotBytes = hasPlacePerClass ? classes.Sum(c => c.SlotBytes) : layouts.Max(l => l.SlotBytes),
        };
    }

    internal Task<Engine> StartAsync(int residents, int transients, Func<IFlashDevice, IFlashDevice>? wrap = null, int depth = 2,
        PredictionMode prediction = PredictionMode.On, bool hasPlacePerClass = false)
    {
        EngineOptions options = TinyModel.Options(depth: depth) with { Prediction = prediction };
        IFlashDevice device = FlashDevice.Open([TinyModel.Path, Path]);
        return Engine.StartAsync(Plan(options, residents, transients, hasPlacePerClass), options, wrap?.Invoke(device) ?? device, null,
            CancellationToken.None);
    }

    public void Dispose() => File.Delete(Path);

    private static TensorInfo Tensor(string name, int columns, int rows, int experts, Extent extent) =>
        new(name, default, [columns, rows, experts], extent);
}
