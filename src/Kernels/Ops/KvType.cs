namespace LayerStream.Kernels.Ops;

/// <summary>Element type of cached keys and values.</summary>
public enum KvType
{
    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>Single precision.</summary>
    F32,
}
