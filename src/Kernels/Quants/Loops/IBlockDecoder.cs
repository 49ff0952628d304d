namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Exact decoding of one block of a tensor type (GGUF block formats; evaluated in f32 without fused operations).</summary>
internal unsafe interface IBlockDecoder
{
    /// <summary>Elements of a block.</summary>
    static abstract int BlockElements { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Decodes the block at <paramref name="source"/> (any alignment) to <c>BlockElements</c> floats.</summary>
    static abstract void Decode(byte* source, float* destination);
}
