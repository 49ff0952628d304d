using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Models.Decoding;

/// <summary>Multiplies the rows of several matrices in one job, each by activations of its own; ranges count their rows one after the
/// other.</summary>
/// <param name="most">Most matrices.</param>
internal sealed class PartsMatMulJob(int most) : CrewJob
{
    private readonly Part[] _parts = new Part[most];
    private int _count;
    internal int Columns;
    internal ActivationLayout Layout;
    internal long ActivationStride;
    internal int Tokens;
    internal long OutputStride;

    /// <summary>Ranges of a run.</summary>
    internal int Rows { get; private set; }

    /// <summary>Starts an empty job.</summary>
    internal void Begin() => (_count, Rows) = (0, 0);

    internal void Add(in Part part)
    {
        _parts[_count++] = part;
        Rows += part.Rows;
    }

    public override void Execute(int begin, int end, int worker)
    {
        for (int i = 0; i < _count && end > 0; i++)
        {
            ref readonly Part part = ref _parts[i];
            int last = Math.Min(end, part.Rows);
            if (begin < last)
            {
                MatMul.Multiply(part.Type, part.Weights, Columns, begin, last, Layout, part.Activations, ActivationStride, Tokens,
                    part.Output, OutputStride);
            }

            (begin, end) = (Math.Max(0, begin - part.Rows), end - part.Rows);
        }
    }

    internal readonly record struct Part(TensorType Type, nint Weights, int Rows, nint Activations, nint Output);
}
