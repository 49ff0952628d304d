using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>
/// Exact widening of IEEE halves: the exponent and mantissa bits are moved into place and multiplied by 2^112, which also normalises
/// denormals; infinities and NaNs get the full exponent back.
/// </summary>
internal static unsafe class Float16
{
    private const float Rebias = 5.192296858534828e33f; // 2^112

    /// <summary>The half stored at <paramref name="source"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(byte* source) => ToSingle(Unsafe.ReadUnaligned<ushort>(source));

    /// <summary>Widens one half given by its bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits)
    {
        uint magnitude = bits & 0x7FFFu;
        uint result = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude << 13) * Rebias);
        result |= magnitude >= 0x7C00 ? 0x7F800000u : 0;
        return BitConverter.UInt32BitsToSingle(result | ((bits & 0x8000u) << 16));
    }

    /// <summary>Widens four halves held in the low 16 bits of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<uint> bits)
    {
        Vector128<uint> magnitude = bits & Vector128.Create(0x7FFFu);
        Vector128<float> value = Vector128.ShiftLeft(magnitude, 13).AsSingle() * Vector128.Create(Rebias);
        Vector128<uint> special = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(0x7BFF)).AsUInt32()
            & Vector128.Create(0x7F800000u);
        return (value.AsUInt32() | special | Vector128.ShiftLeft(bits ^ magnitude, 16)).AsSingle();
    }

    /// <summary>Widens eight halves held in the low 16 bits of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<uint> bits)
    {
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFFu);
        Vector256<float> value = Vector256.ShiftLeft(magnitude, 13).AsSingle() * Vector256.Create(Rebias);
        Vector256<uint> special = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(0x7BFF)).AsUInt32()
            & Vector256.Create(0x7F800000u);
        return (value.AsUInt32() | special | Vector256.ShiftLeft(bits ^ magnitude, 16)).AsSingle();
    }

    /// <summary>Widens sixteen halves held in the low 16 bits of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToSingle(Vector512<uint> bits)
    {
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFFu);
        Vector512<float> value = Vector512.ShiftLeft(magnitude, 13).AsSingle() * Vector512.Create(Rebias);
        Vector512<uint> special = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x7BFF)).AsUInt32()
            & Vector512.Create(0x7F800000u);
        return (value.AsUInt32() | special | Vector512.ShiftLeft(bits ^ magnitude, 16)).AsSingle();
    }
}
