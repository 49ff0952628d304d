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
        CheckColumn<float>(file, metadata, "tokenizer.ggml.scores");
        CheckColumn<int>(file, metadata, "tokenizer.ggml.token_type");

        const string VersionKey = "general.quantization_version";
        long version = metadata.GetInt64(VersionKey, QuantizationVersion);
        if (version != QuantizationVersion && tensors.Tensors.Any(t => TensorTypes.Get(t.Type).BlockSize > 1))
        {
            throw new ModelFormatException(file, metadata.OffsetOf(VersionKey), $"The quantisation version {version} is not supported (only {QuantizationVersion} is); quantise the model again with a current converter.");
        }
    }

    private static void CheckColumn<T>(string file, GgufMetadata metadata, string key)
    {
        if (metadata.Raw(key) is not { } value)
        {
            return;
        }

        if (value is not T[] column)
        {
            throw new ModelFormatException(file, metadata.OffsetOf(key), $"The key '{key}' must be an array of {typeof(T).Name}; convert the model again with a current converter.");
        }

        if (metadata.ArrayLength(TokensKey) is int tokens && column.Length != tokens)
        {
            throw new ModelFormatException(file, metadata.OffsetOf(key), $"The key '{key}' has {column.Length} elements for {tokens} tokens. The file is damaged; download or convert it again.");
        }
    }
}
