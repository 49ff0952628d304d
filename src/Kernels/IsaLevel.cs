using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Kernels.Tests")]

namespace LayerStream.Kernels;

/// <summary>Instruction-set level of a loop; those of x86 in rising order.</summary>
internal enum IsaLevel
{
    Scalar,
    Avx2,
    AvxVnni,
    Avx512,
    AdvSimd,
}
