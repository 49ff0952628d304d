namespace LayerStream.Kernels.Quants.Activations;

/// <summary>Memory layout of one prepared activation row (see <see cref="MatMul.Prepare"/>).</summary>
public enum ActivationLayout
{
    /// <summary>Floats, zero-padded to a multiple of 64.</summary>
    F32,

    /// <summary>
    /// int8[columns, zero-padded to a multiple of 64], then per 64 columns four floats d0, d1, d0·Σq0, d1·Σq1
    /// (scale and scaled sum of the two 32-blocks), then per 256 columns 128 bytes: eight scales, scaled sums and int32 sums of
    /// the 32-blocks, and 32 bytes of zeros.
    /// </summary>
    Q8Block32,

    /// <summary>Per 256 columns 320 bytes: int8[256], int16[16] sums of 16, float scale, 12 bytes of zeros, int16[8] sums of 32.</summary>
    Q8Block256,

    /// <summary>Two Q8Block32 rows, one behind the other: the high digits and the low ones of 16-bit integers.</summary>
    Q16Block32,

    /// <summary>Two Q8Block256 rows in the same way.</summary>
    Q16Block256,
}
