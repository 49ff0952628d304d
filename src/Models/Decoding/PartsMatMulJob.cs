using LayerStream.Kernels;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;

namespace LayerStream.Models.Decoding;

/// <summary>Multiplies the rows of several matrices in one job, each by activations of its own; ranges count their rows one after the
/// other.</summary>
/// <param name="most">Most matrices.</param>
internal sealed class PartsMatMulJob(int most) : CrewJob
{
    private readonly Part[] _parts = new Part[most];
    private int _count;

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
                MatMul.Multiply(part.Weights, new IndexRange(begin, last), part.Activations, part.Output);
            }

            (begin, end) = (Math.Max(0, begin - part.Rows), end - part.Rows);
        }
    }

    internal readonly record struct Part(WeightRows Weights, int Rows, PreparedRows Activations, FloatRows Output);
}
