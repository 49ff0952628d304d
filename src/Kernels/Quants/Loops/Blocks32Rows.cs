using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The products of an <see cref="IBlocksOf32"/> type row by row with vectors of 128 bits: ARM64.</summary>
internal sealed unsafe class Blocks32Rows<T> : RowLoop
    where T : IBlocksOf32
{
    protected override long RowBytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Add(byte* row, int columns, byte* x, long stride, int tokens, float* sums)
    {
        byte* tail = stackalloc byte[T.EightBytes];
        sbyte* values = stackalloc sbyte[256];
        int* dots = stackalloc int[8];
        byte* record = x + ActivationRow.BlocksOffset(columns);
        for (int column = 0; column < columns; column += 256)
        {
            int blocks = Math.Min(8, (columns - column) / 32);
            byte* eight = row + RowBytes(column);
            if (blocks < 8)
            {
                new Span<byte>(tail, T.EightBytes).Clear();
                Unsafe.CopyBlockUnaligned(tail, eight, (uint)RowBytes(32 * blocks));
                eight = tail;
            }

            Vector256<float> scales = T.Scales(eight, out Vector256<float> offsets);
            for (int b = 0; b < blocks; b++)
            {
                (T.Bytes256(eight, b) - Vector256.Create((byte)T.Bias)).AsSByte().Store(values + (32 * b));
            }

            for (int t = 0; t < tokens; t++)
            {
                sbyte* a = (sbyte*)x + (t * stride) + column;
                new Span<int>(dots, 8).Clear();
                for (int b = 0; b < blocks; b++)
                {
                    sbyte* w = values + (32 * b);
                    Vector128<int> dot = SignedDot.Add(default, Vector128.Load(w), Vector128.Load(a + (32 * b)));
                    dots[b] = SignedDot.Total(SignedDot.Add(dot, Vector128.Load(w + 16), Vector128.Load(a + (32 * b) + 16)));
                }

                byte* r = record + (t * stride);
                Vector256<float> sum = Vector256.Load(sums + (8 * t));
                sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(Vector256.Load(dots)), scales * Vector256.Load((float*)r), sum);
                if (T.HasOffsets)
                {
                    sum = Vector256.FusedMultiplyAdd(offsets, Vector256.Load((float*)(r + ActivationRow.RecordScaledSums)), sum);
                }

                sum.Store(sums + (8 * t));
            }

            record += ActivationRow.BlockRecordBytes;
        }
    }
}
