using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The same for types with blocks of 256 columns and scales within.</summary>
internal sealed unsafe class Blocks256Rows<T> : RowLoop
    where T : IBlockSource
{
    protected override long RowBytes(int columns) => (long)columns / 256 * T.BlockBytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Add(byte* row, int columns, byte* x, long stride, int tokens, float* sums)
    {
        byte* buffer = stackalloc byte[T.StagedBytes];
        sbyte* values = stackalloc sbyte[256];
        short* scales = stackalloc short[16];
        for (int u = 0; u < columns / 256; u++)
        {
            byte* block = T.StageScalar(row + ((long)u * T.BlockBytes), buffer);
            Unpack(block, values);
            T.Groups(block, out Vector256<short> mins).Store(scales);
            float d = T.D(block), dMin = T.Form == BlockForm.Minimums ? T.DMin(block) : 0;
            for (int t = 0; t < tokens; t++)
            {
                byte* a = x + (t * stride) + ((long)u * ActivationRow.Block256Bytes);
                Vector128<int> lanes = default;
                for (int g = 0; g < 16; g++)
                {
                    lanes += SignedDot.Add(default, Vector128.Load(values + (16 * g)), Vector128.Load((sbyte*)a + (16 * g)))
                        * Vector128.Create((int)scales[g]);
                }

                int dot = SignedDot.Total(lanes), min = T.Form == BlockForm.Signed ? 0 : Sum(mins, (short*)(a + ActivationRow.SumsOffset));
                float scale = *(float*)(a + ActivationRow.Scale256Offset);
                ref float sum = ref sums[(8 * t) + (u % 8)];
                sum = MathF.FusedMultiplyAdd(T.Form == BlockForm.Biased ? dot - min : dot, d * scale, sum);
                if (T.Form == BlockForm.Minimums)
                {
                    sum = MathF.FusedMultiplyAdd(-(float)min, dMin * scale, sum);
                }
            }
        }
    }

    private static void Unpack(byte* block, sbyte* values)
    {
        T.Values256(block, 0).AsSByte().Store(values);
        T.Values256(block, 1).AsSByte().Store(values + 32);
        T.Values256(block, 2).AsSByte().Store(values + 64);
        T.Values256(block, 3).AsSByte().Store(values + 96);
        T.Values256(block, 4).AsSByte().Store(values + 128);
        T.Values256(block, 5).AsSByte().Store(values + 160);
        T.Values256(block, 6).AsSByte().Store(values + 192);
        T.Values256(block, 7).AsSByte().Store(values + 224);
    }

    private static int Sum(Vector256<short> mins, short* sums)
    {
        Vector256<short> s = Vector256.Load(sums);
        Vector256<int> products = (Vector256.WidenLower(mins) * Vector256.WidenLower(s))
            + (Vector256.WidenUpper(mins) * Vector256.WidenUpper(s));
        return SignedDot.Total(products.GetLower() + products.GetUpper());
    }
}
