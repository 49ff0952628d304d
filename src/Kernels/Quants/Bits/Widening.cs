using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Bytes and 16-bit words to wider lanes, by one instruction where there is one.</summary>
internal static unsafe class Widening
{
    /// <summary>Sixteen unsigned bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ToShorts(Vector128<byte> v) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int16(v) : Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v)).AsInt16();

    /// <summary>Sixteen signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ToShorts(Vector128<sbyte> v) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int16(v) : Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v));

    /// <summary>Eight words in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToWords(ushort* source)
    {
        Vector128<ushort> v = Vector128.Load(source);
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(v).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v));
    }

    /// <summary>Eight bytes in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToWords(byte* source)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(source).AsUInt32();
        }

        Vector128<ushort> v = Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(source)).AsByte());
        return Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v));
    }

    /// <summary>Eight signed bytes in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToInts(sbyte* source)
    {
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(source)
            : ToInts(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(source)).AsSByte()));
    }

    /// <summary>Eight signed words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToInts(Vector128<short> v) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(v) : Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v));
}
