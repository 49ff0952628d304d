using System.Runtime.InteropServices;
using LayerStream.Formats;

namespace LayerStream.Kernels.Tests;

/// <summary>Random weights and activations.</summary>
internal static class QuantSamples
{
    /// <summary>Random blocks: every bit pattern of the quants, moderate scales.</summary>
    public static byte[] Weights(TensorType type, int count, Random random)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        double range = info.BlockSize == 1 ? 2 : type == TensorType.Q6_K ? 0.01 : 0.1; // Q6_K: groups have scales of eight bits
        byte[] bytes = new byte[count / info.BlockSize * info.BlockBytes];
        random.NextBytes(bytes);
        for (int b = 0; b < bytes.Length; b += info.BlockBytes)
        {
            Span<byte> block = bytes.AsSpan(b, info.BlockBytes);
            if (info.Numbers == BlockNumbers.PowerOfTwo)
            {
                block[0] = (byte)random.Next(118, 124);
            }
            else if (info.Numbers != BlockNumbers.None)
            {
                Write(block, info.Numbers, info.Numbers.First, (random.NextDouble() - 0.5) * range);
                if (info.Numbers.Second != info.Numbers.First)
                {
                    Write(block, info.Numbers, info.Numbers.Second, (random.NextDouble() - 0.5) * range);
                }
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

    private static void Write(Span<byte> block, BlockNumbers numbers, int at, double value)
    {
        if (numbers == BlockNumbers.Single)
        {
            MemoryMarshal.Write(block[at..], (float)value);
        }
        else if (numbers == BlockNumbers.Double)
        {
            MemoryMarshal.Write(block[at..], value);
        }
        else if (numbers == BlockNumbers.Brain)
        {
            MemoryMarshal.Write(block[at..], (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
        }
        else if (numbers == BlockNumbers.QuarteredHalf(at))
        {
            ushort bits = BitConverter.HalfToUInt16Bits((Half)value);
            for (int i = 1; i < numbers.Bytes; i += 2)
            {
                block[at + i] = (byte)((block[at + i] & 15) | (((bits >> (2 * (i - 1))) & 15) << 4));
            }
        }
        else
        {
            MemoryMarshal.Write(block[at..], (Half)value);
        }
    }
}
