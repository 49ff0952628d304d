using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The products of an <see cref="IBlocksOf32"/> type without vectors: the definition and the fallback. A block's sum is an exact integer;
/// block u is added to running sum u mod 8.
/// </summary>
internal sealed unsafe class Blocks32Scalar<T> : RowLoop
    where T : IBlocksOf32
{
    protected override long RowBytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    protected override void Add(byte* row, int columns, byte* x, long stride, int tokens, float* sums)
    {
        for (int t = 0; t < tokens; t++)
        {
            AddToken(row, columns, x + (t * stride), sums + (8 * t));
        }
    }

    private static void AddToken(byte* row, int columns, byte* x, float* sums)
    {
        for (int u = 0; u < columns / 32; u++)
        {
            byte* eight = row + ((long)(u / 8) * T.EightBytes);
            byte* record = x + ActivationRow.BlocksOffset(columns) + ((long)(u / 8) * ActivationRow.BlockRecordBytes)
                + (u % 8 * sizeof(float));
            int dot = 0;
            for (int i = 0; i < 32; i++)
            {
                dot += T.Value(eight, (32 * (u % 8)) + i) * ((sbyte*)x)[(32 * u) + i];
            }

            float d = T.Scale(eight, u % 8, out float offset);
            sums[u % 8] = MathF.FusedMultiplyAdd(dot, d * *(float*)record, sums[u % 8]);
            if (T.HasOffsets)
            {
                sums[u % 8] = MathF.FusedMultiplyAdd(offset, *(float*)(record + ActivationRow.RecordScaledSums), sums[u % 8]);
            }
        }
    }
}
