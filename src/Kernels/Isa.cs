using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels;

/// <summary>The instruction-set levels the kernels distinguish. All answers are constants for the life of the process.</summary>
public static class Isa
{
    /// <summary>AVX2 and FMA are usable.</summary>
    public static bool Avx2 => System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported;

    /// <summary>AVX-512 F, BW, DQ and VL are usable.</summary>
    public static bool Avx512 => Avx2 && Avx512BW.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.IsSupported;

    /// <summary>The vector instructions of ARM64 are usable.</summary>
    public static bool AdvSimd => System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported;

    /// <summary>Level of products of one row of activations whose type says so (<see cref="Quants.Types.QuantType.IsOneRowNarrow"/>):
    /// AVX2 on a processor that has AVX-512 but executes it in halves, where wider vectors save nothing and cost more moves.</summary>
    internal static IsaLevel OneRowLevel { get; } = Level != IsaLevel.Avx512 || !ExecutesInHalves() ? Level
        : AvxVnni.IsSupported ? IsaLevel.AvxVnni : IsaLevel.Avx2;

    internal static IsaLevel Level => Avx512 ? IsaLevel.Avx512
        : Avx2 && AvxVnni.IsSupported ? IsaLevel.AvxVnni
        : Avx2 ? IsaLevel.Avx2
        : AdvSimd ? IsaLevel.AdvSimd
        : IsaLevel.Scalar;

    /// <summary>
    /// Every level whose loops run on this processor, the scalar one first: those of ARM64 are written with plain vectors and run
    /// everywhere, those of AVX-VNNI have a twin for AVX2 alone.
    /// </summary>
    internal static IEnumerable<IsaLevel> Levels => Enum.GetValues<IsaLevel>().Where(
        l => l is IsaLevel.Scalar or IsaLevel.AdvSimd || (!AdvSimd && l <= Level) || (Avx2 && l == IsaLevel.AvxVnni));

    /// <summary>One short phrase for logs, for example <c>AVX-512 (F, BW, DQ, VL)</c>.</summary>
    public static string Describe() => Level switch
    {
        IsaLevel.Avx512 => AvxVnni.IsSupported ? "AVX-512 (F, BW, DQ, VL), AVX-VNNI" : "AVX-512 (F, BW, DQ, VL)",
        IsaLevel.AvxVnni => "AVX2 + FMA, AVX-VNNI",
        IsaLevel.Avx2 => "AVX2 + FMA",
        IsaLevel.AdvSimd => Dp.IsSupported ? "AdvSimd + dot products" : "AdvSimd",
        _ => "scalar",
    };

    /// <summary>AMD's family 25 with AVX-512 is Zen 4, whose units have 256 bits.</summary>
    private static bool ExecutesInHalves()
    {
        (_, int ebx, int ecx, int edx) = X86Base.CpuId(0, 0);
        int version = X86Base.CpuId(1, 0).Eax;
        bool isAmd = (ebx, edx, ecx) == (0x68747541, 0x69746e65, 0x444d4163); // "AuthenticAMD"
        return isAmd && ((version >> 8) & 15) + ((version >> 20) & 255) == 25;
    }
}
