namespace LayerStream.Kernels.Ops;

/// <summary>Functions of single values, in F64, where a kernel needs one per head or expert.</summary>
internal static class ScalarMath
{
    private const double Far = 20; // ln(1 + e^x) is x above and e^x below −Far, to F32 accuracy

    /// <summary>ln(1 + e^x); NaN stays NaN.</summary>
    public static double Softplus(double x) => x > Far ? x : x < -Far ? Math.Exp(x) : Math.Log(1.0 + Math.Exp(x));
}
