using System.Runtime.InteropServices;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// The look-up grids of the IQ1, IQ2 and IQ3 types: constants of the format, from the ggml project (MIT), held in <c>Grids.bin</c>.
/// An entry is a little-endian word of level numbers. Two-bit grids (eight values): element 2k at bit 2k, element 2k + 1 at bit 8 + 2k.
/// Three-bit grids (four values): element 2k at bit 4k, element 2k + 1 at bit 8 + 4k. Shifting by one field thus leaves a pair of elements
/// in the two bytes of the word.
/// </summary>
internal static unsafe class Grids
{
    /// <summary>First entry of the 256 of IQ2_XXS.</summary>
    public const int IQ2_XXS = 0;

    /// <summary>First entry of the 512 of IQ2_XS.</summary>
    public const int IQ2_XS = 256;

    /// <summary>First entry of the 1024 of IQ2_S.</summary>
    public const int IQ2_S = 768;

    /// <summary>First entry of the 256 of IQ3_XXS.</summary>
    public const int IQ3_XXS = 1792;

    /// <summary>First entry of the 512 of IQ3_S.</summary>
    public const int IQ3_S = 2048;

    /// <summary>First entry of the 2048 of IQ1_S and IQ1_M.</summary>
    public const int IQ1 = 2560;

    /// <summary>Entries of all grids.</summary>
    public const int Entries = 4608;

    /// <summary>Added to the values of IQ2 and IQ3_XXS (8 … 62 with either sign) to make them unsigned.</summary>
    public const int WideBias = 64;

    /// <summary>Added to the values of IQ3_S (1 … 15 with either sign) and eight times those of IQ1 (−9 … 9).</summary>
    public const int NarrowBias = 16;

    /// <summary>Biased values of the levels of IQ2 (8, 25, 43), level n in byte n.</summary>
    public const ulong Levels2 = 0x6B5948;

    /// <summary>Biased values of the levels of IQ3_XXS (4, 12, 20, 28, 36, 44, 52, 62).</summary>
    public const ulong Levels3Wide = 0x7E746C645C544C44;

    /// <summary>Biased values of the levels of IQ3_S (1, 3, … 15).</summary>
    public const ulong Levels3 = 0x1F1D1B1917151311;

    /// <summary>Biased values, times eight, of the levels of IQ1 (−1, 0, 1): levels 4 to 6 shifted down by an eighth, 0 to 2 up.</summary>
    public const ulong Levels1 = 0x00170F0700191109;

    /// <summary>Eight bytes of 2: subtracted from an entry of IQ1, turns its shift of +1/8 into −1/8.</summary>
    public const ulong Shift = 0x0202020202020202;

    /// <summary>All entries as in the file.</summary>
    public static readonly ushort* Packed = Read();

    /// <summary>All entries with one byte per element, biased; the four values of an IQ3 entry in the lower half, those of IQ1 times eight
    /// and shifted up by one.</summary>
    public static readonly ulong* Bytes = Expand();

    private static ushort* Read()
    {
        using Stream stream = typeof(Grids).Assembly.GetManifestResourceStream("Grids.bin")
            ?? throw new InvalidOperationException("The resource Grids.bin is missing.");
        byte* words = (byte*)NativeMemory.AlignedAlloc(2 * Entries, 64);
        stream.ReadExactly(new Span<byte>(words, 2 * Entries));
        return (ushort*)words;
    }

    private static ulong* Expand()
    {
        ulong* all = (ulong*)NativeMemory.AlignedAlloc(8 * Entries, 64);
        for (int i = 0; i < Entries; i++)
        {
            bool three = i is >= IQ3_XXS and < IQ1;
            ulong levels = i < IQ3_XXS ? Levels2 : i < IQ3_S ? Levels3Wide : i < IQ1 ? Levels3 : Levels1;
            ulong entry = 0;
            for (int j = 0; j < (three ? 4 : 8); j++)
            {
                int shift = ((three ? 4 : 2) * (j / 2)) + (8 * (j & 1));
                entry |= ((levels >> (8 * ((Packed[i] >> shift) & (three ? 7 : 3)))) & 255) << (8 * j);
            }

            all[i] = entry;
        }

        return all;
    }
}
