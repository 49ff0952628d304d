using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The same for types with blocks of 256 columns and scales within.</summary>
internal sealed unsafe class Blocks256Scalar<T> : RowLoop
    where T : IBlockSource
{
    protected override long RowBytes(int columns) => (long)columns / 256 * T.BlockBytes;

    protected override void Add(byte* row, int columns, byte* x, long stride, int tokens, float* sums)
    {
        for (int t = 0; t < tokens; t++)
        {
            AddToken(row, columns, x + (t * stride), sums + (8 * t));
        }
    }

    private static void AddToken(byte* row, int columns, byte* x, float* sums)
    {
        byte* buffer = stackalloc byte[T.StagedBytes];
        for (int u = 0; u < columns / 256; u++)
        {
            byte* block = T.StageScalar(row + ((long)u * T.BlockBytes), buffer);
            byte* a = x + ((long)u * ActivationRow.Block256Bytes);
            int dot = 0, mins = 0;
            for (int g = 0; g < 16; g++)
            {
                int group = 0;
                for (int i = 16 * g; i < 16 * (g + 1); i++)
                {
                    group += T.Value(block, i) * ((sbyte*)a)[i];
                }

                T.Group(block, g, out int scale, out int min);
                dot += scale * group;
                mins += min * ((short*)(a + ActivationRow.SumsOffset))[g];
            }

            float d = *(float*)(a + ActivationRow.Scale256Offset);
            ref float sum = ref sums[u % 8];
            sum = MathF.FusedMultiplyAdd(T.Form == BlockForm.Biased ? dot - mins : dot, T.D(block) * d, sum);
            if (T.Form == BlockForm.Minimums)
            {
                sum = MathF.FusedMultiplyAdd(-(float)mins, T.DMin(block) * d, sum);
            }
        }
    }
}
