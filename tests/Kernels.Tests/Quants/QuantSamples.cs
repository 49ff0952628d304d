using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Types;

namespace LayerStream.Kernels.Tests;

/// <summary>Random weights and activations.</summary>
internal static class QuantSamples
{
    /// <summary>Random blocks: every bit pattern of the quants, moderate scales.</summary>
    public static byte[] Weights(TensorType type, int count, Random random)
    {
        QuantType row = QuantTypes.Find(type)!;
        var bytes = new byte[count / row.BlockElements * row.BlockBytes];
        random.NextBytes(bytes);
        for (int b = 0; b < bytes.Length; b += row.BlockBytes)
        {
            Span<byte> block = bytes.AsSpan(b, row.BlockBytes);
            switch (type)
            {
                case TensorType.F32:
                    MemoryMarshal.Write(block, (float)((random.NextDouble() * 2) - 1));
                    break;
                case TensorType.F64:
                    MemoryMarshal.Write(block, (random.NextDouble() * 2) - 1);
                    break;
                case TensorType.BF16:
                    MemoryMarshal.Write(block, (ushort)(BitConverter.SingleToUInt32Bits((float)((random.NextDouble() * 2) - 1)) >> 16));
                    break;
                case TensorType.F16:
                    MemoryMarshal.Write(block, (Half)((random.NextDouble() * 2) - 1));
                    break;
                case TensorType.Q6_K:
                    MemoryMarshal.Write(block[208..], (Half)((random.NextDouble() - 0.5) * 0.01));
                    break;
                case TensorType.Q4_1:
                case TensorType.Q4_K:
                    MemoryMarshal.Write(block, (Half)((random.NextDouble() - 0.5) * 0.1));
                    MemoryMarshal.Write(block[2..], (Half)((random.NextDouble() - 0.5) * 0.1));
                    break;
                case TensorType.Q2_K:
                    MemoryMarshal.Write(block[80..], (Half)((random.NextDouble() - 0.5) * 0.1));
                    MemoryMarshal.Write(block[82..], (Half)((random.NextDouble() - 0.5) * 0.1));
                    break;
                case TensorType.Q5_1:
                case TensorType.Q5_K:
                    goto case TensorType.Q4_1;
                case TensorType.Q3_K:
                case TensorType.TQ1_0:
                case TensorType.TQ2_0:
                    MemoryMarshal.Write(block[^2..], (Half)((random.NextDouble() - 0.5) * 0.1));
                    break;
                case TensorType.MXFP4:
                    block[0] = (byte)random.Next(118, 124);
                    break;
                case TensorType.NVFP4:
                    break;
                case TensorType.IQ1_M:
                    ushort d = BitConverter.HalfToUInt16Bits((Half)((random.NextDouble() - 0.5) * 0.1));
                    for (int i = 0; i < 4; i++)
                    {
                        block[49 + (2 * i)] = (byte)((block[49 + (2 * i)] & 15) | (((d >> (4 * i)) & 15) << 4));
                    }

                    break;
                default:
                    MemoryMarshal.Write(block, (Half)((random.NextDouble() - 0.5) * 0.1));
                    break;
            }
        }

        return bytes;
    }

    public static float[] Activations(int count, Random random)
    {
        var x = new float[count];
        for (int i = 0; i < count; i++)
        {
            x[i] = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
        }

        return x;
    }
}
