namespace LayerStream.Kernels.Ops;

/// <summary>A thread that is to compute has a floating-point mode of its own.</summary>
public sealed class FloatEnvironmentException : Exception
{
    internal FloatEnvironmentException(bool keepsSubnormals)
        : base($"The thread '{Thread.CurrentThread.Name ?? "unnamed"}' "
        + $"{(keepsSubnormals ? "does not round to nearest even" : "flushes subnormal numbers to zero")}, so its results would differ from "
            + "those of other machines. A native library in this process has changed the processor's floating-point mode (such as one "
            + "built with -ffast-math): run without it.") =>
        KeepsSubnormals = keepsSubnormals;

    /// <summary>False if subnormal numbers are flushed to zero; true if it is the rounding that differs.</summary>
    public bool KeepsSubnormals { get; }
}
