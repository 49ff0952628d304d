namespace LayerStream.Formats;

/// <summary>Checks of metadata that hold for every model whatever its architecture.</summary>
internal static class MetadataRules
{
    private const int QuantizationVersion = 2;
    private const string TokensKey = "tokenizer.ggml.tokens";

    /// <summary>Fails on values of the wrong type and on vocabularies whose columns differ in length.</summary>
    internal static void Check(string file, GgufMetadata metadata, TensorTable tensors)
    {
        _ = metadata.GetString("general.architecture");
        _ = metadata.GetStrings(TokensKey);
        _ = metadata.GetStrings("tokenizer.ggml.merges");
        CheckColumn(file, metadata, "tokenizer.ggml.scores", mayBeReal: true);
        CheckColumn(file, metadata, "tokenizer.ggml.token_type", mayBeReal: false);

        const string VersionKey = "general.quantization_version";
        long version = metadata.GetInt64(VersionKey, QuantizationVersion);
        if (version != QuantizationVersion && tensors.Tensors.Any(t => TensorTypes.Get(t.Type).BlockSize > 1))
        {
            throw new ModelFormatException(file, metadata.OffsetOf(VersionKey),
                $"The quantisation version {version} is not supported (only {QuantizationVersion} is); quantise the model again with a "
                + $"current converter.");
        }
    }

    // Whole numbers are written with varying widths, scores as whole numbers too.
    private static void CheckColumn(string file, GgufMetadata metadata, string key, bool mayBeReal)
    {
        if (metadata.Raw(key) is not { } value)
        {
            return;
        }

        bool isColumn = value is byte[] or sbyte[] or ushort[] or short[] or uint[] or int[] or ulong[] or long[]
            || (mayBeReal && value is float[] or double[]);
        if (!isColumn)
        {
            throw new ModelFormatException(file, metadata.OffsetOf(key),
                $"The key '{key}' must be an array of numbers; convert the model again with a current converter.");
        }

        Array column = (Array)value;
        if (metadata.ArrayLength(TokensKey) is int tokens && column.Length != tokens)
        {
            throw new ModelFormatException(file, metadata.OffsetOf(key),
                $"The key '{key}' has {column.Length} elements for {tokens} tokens. The file is damaged; download or convert it again.");
        }
    }
}
