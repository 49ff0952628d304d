using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Rotary position embedding: pair p of a head turns by position · ω_p and is multiplied by the magnitude. Angles are F64.
/// Immutable, hence safe to share between threads.
/// </summary>
public sealed unsafe class RopeTable
{
    private const int MaxDimensions = 4096; // bounds the stack row in Apply
    private readonly double[] _omega;

    /// <summary>Takes the angular frequency of every pair, in radians per position.</summary>
    /// <param name="omega">n_rot / 2 frequencies; copied.</param>
    /// <param name="magnitude">Factor on cos and sin.</param>
    /// <exception cref="ArgumentException">No pairs, too many, or a frequency that is not finite.</exception>
    public RopeTable(double[] omega, float magnitude)
    {
        ArgumentNullException.ThrowIfNull(omega);
        if (omega.Length is 0 or > MaxDimensions / 2 || !omega.All(double.IsFinite))
        {
            throw new ArgumentException($"1 to {MaxDimensions / 2} finite frequencies wanted, got {omega.Length}.", nameof(omega));
        }

        _omega = [.. omega];
        Magnitude = magnitude;
    }

    /// <summary>Rotated dimensions n_rot of a head; the others pass unchanged.</summary>
    public int Dimensions => 2 * _omega.Length;

    /// <summary>Factor on cos and sin.</summary>
    public float Magnitude { get; }

    /// <summary>Frequencies per pair in radians per position.</summary>
    public ReadOnlySpan<double> Omega => _omega;

    /// <summary>Rotates the first <see cref="Dimensions"/> elements of every head in place.</summary>
    /// <param name="style">Pairing.</param>
    /// <param name="x">Floats; head h starts at x + h · headStride.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="headStride">Floats from head to head.</param>
    /// <param name="position">Absolute position of the token.</param>
    public void Apply(RopeStyle style, nint x, int heads, int headStride, int position)
    {
        float* cosSin = stackalloc float[Dimensions];
        Prepare(position, new Span<float>(cosSin, Dimensions));
        Apply(style, x, heads, headStride, (nint)cosSin, Dimensions);
    }

    /// <summary>Computes the row of a position once for many heads: n_rot / 2 cosines, then n_rot / 2 sines, times the magnitude.</summary>
    /// <param name="position">Absolute position of the token.</param>
    /// <param name="cosSin">At least <see cref="Dimensions"/> floats.</param>
    public void Prepare(int position, Span<float> cosSin)
    {
        double[] omega = _omega;
        Span<float> cos = cosSin[..omega.Length];
        Span<float> sin = cosSin.Slice(omega.Length, omega.Length);
        for (int p = 0; p < omega.Length; p++)
        {
            (double s, double c) = Elementary.SinCos(position * omega[p]);
            cos[p] = (float)(c * Magnitude);
            sin[p] = (float)(s * Magnitude);
        }
    }

    /// <summary>Rotates with a row from <see cref="Prepare"/>; same bits as the form that takes a position.</summary>
    /// <param name="style">Pairing.</param>
    /// <param name="x">Floats; head h starts at x + h · headStride.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="headStride">Floats from head to head.</param>
    /// <param name="cosSin">Address of <paramref name="dimensions"/> floats.</param>
    /// <param name="dimensions">n_rot, even.</param>
    public static void Apply(RopeStyle style, nint x, int heads, int headStride, nint cosSin, int dimensions)
    {
        Debug.Assert(dimensions % 2 == 0 && (heads <= 1 || headStride >= dimensions));
        float* head = (float*)x;
        float* cos = (float*)cosSin;
        for (int h = 0; h < heads; h++, head += headStride)
        {
            if (style == RopeStyle.Half)
            {
                RotateHalf(head, cos, dimensions / 2);
            }
            else
            {
                RotateInterleaved(head, cos, dimensions / 2);
            }
        }
    }

    private static void RotateHalf(float* x, float* cos, int pairs)
    {
        float* y = x + pairs;
        float* sin = cos + pairs;
        int p = 0;
        for (; p <= pairs - Lanes.Count; p += Lanes.Count)
        {
            Vector256<float> u = Vector256.Load(x + p);
            Vector256<float> v = Vector256.Load(y + p);
            Vector256<float> c = Vector256.Load(cos + p);
            Vector256<float> s = Vector256.Load(sin + p);
            ((u * c) - (v * s)).Store(x + p);
            ((v * c) + (u * s)).Store(y + p);
        }

        for (; p < pairs; p++)
        {
            float u = x[p];
            float v = y[p];
            x[p] = (u * cos[p]) - (v * sin[p]);
            y[p] = (v * cos[p]) + (u * sin[p]);
        }
    }

    private static void RotateInterleaved(float* x, float* cos, int pairs)
    {
        const int PairsPerVector = Lanes.Count / 2;
        float* sin = cos + pairs;
        Vector256<int> twice = Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3);
        Vector256<int> swap = Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6);
        Vector256<float> minusPlus = Vector256.Create(-1f, 1, -1, 1, -1, 1, -1, 1);
        int p = 0;
        for (; p <= pairs - PairsPerVector; p += PairsPerVector)
        {
            Vector256<float> c = Vector256.Shuffle(Vector128.Load(cos + p).ToVector256(), twice);
            Vector256<float> s = Vector256.Shuffle(Vector128.Load(sin + p).ToVector256(), twice) * minusPlus;
            Vector256<float> uv = Vector256.Load(x + (2 * p));
            ((uv * c) + (Vector256.Shuffle(uv, swap) * s)).Store(x + (2 * p));
        }

        for (; p < pairs; p++)
        {
            float u = x[2 * p];
            float v = x[(2 * p) + 1];
            x[2 * p] = (u * cos[p]) - (v * sin[p]);
            x[(2 * p) + 1] = (v * cos[p]) + (u * sin[p]);
        }
    }
}
