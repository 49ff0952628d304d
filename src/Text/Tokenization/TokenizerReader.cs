using LayerStream.Formats;

namespace LayerStream.Text;

/// <summary>Builds a tokenizer from metadata: the choice of model and pre-tokeniser with their defaults.</summary>
internal static class TokenizerReader
{
    private const string Prefix = "tokenizer.ggml.";
    private static readonly PreTokenizer WholeText = new([]);

    /// <summary>Why the tokenizer cannot be read, or null.</summary>
    public static string? Unsupported(GgufMetadata metadata)
    {
        string? model = metadata.GetString(Prefix + "model");
        if (model is not ("gpt2" or "llama" or "gemma4"))
        {
            return model is null ? $"no {Prefix}model in the file" : $"tokenizer model '{model}' is not supported (gpt2, llama, gemma4 are)";
        }

        if (metadata.GetStrings(Prefix + "tokens") is not { Count: > 0 })
        {
            return $"no {Prefix}tokens in the file";
        }

        if (model == "llama")
        {
            return null;
        }

        PreTokenizer? row = PreTokenizers.Find(model == "gemma4" ? "gemma4" : metadata.GetString(Prefix + "pre"));
        if (row is null)
        {
            return $"pre-tokeniser '{metadata.GetString(Prefix + "pre")}' is not supported; a wrong guess would silently degrade the output";
        }

        return metadata.GetStrings(Prefix + "merges") is null && !row.MayLackMerges ? $"no {Prefix}merges in the file" : null;
    }

    /// <exception cref="UnsupportedTokenizerException">See <see cref="Unsupported"/>.</exception>
    public static TokenizerParts Read(GgufMetadata metadata)
    {
        string? model = metadata.GetString(Prefix + "model");
        if (Unsupported(metadata) is string reason)
        {
            throw new UnsupportedTokenizerException(model, metadata.GetString(Prefix + "pre"), reason);
        }

        string? pre = model == "gemma4" ? "gemma4" : metadata.GetString(Prefix + "pre");
        bool sentencePiece = model == "llama";
        PreTokenizer row = sentencePiece ? WholeText : PreTokenizers.Find(pre)!;
        TokenAlphabet alphabet = sentencePiece || row.IsRaw ? SpaceAlphabet.Instance : ByteAlphabet.Instance;
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        Vocabulary vocabulary = Vocabulary.Read(metadata, alphabet, TokenRoles.WatchedTexts, found);
        int? bos = Id(metadata, vocabulary, "bos_token_id", sentencePiece ? 1 : model == "gpt2" && row.HasDefaultBos ? 11 : null);
        int? eos = Id(metadata, vocabulary, "eos_token_id", sentencePiece ? 2 : model == "gpt2" ? 11 : null);
        int? unknown = Id(metadata, vocabulary, "unknown_token_id", sentencePiece ? 0 : null);
        bool spacePrefix = metadata.GetBool(Prefix + "add_space_prefix", sentencePiece);
        FragmentEncoder encoder = sentencePiece
            ? SentencePiece(metadata, vocabulary, spacePrefix, unknown)
            : BytePairs(metadata, vocabulary, row, unknown);
        var ends = TokenRoles.Apply(metadata, vocabulary, found, eos);
        vocabulary.Complete();
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Encoder = encoder,
            Specials = new SpecialTokenIndex(vocabulary, StripsRight(metadata)),
            EndOfGeneration = ends,
            BosId = bos,
            EosId = eos,
            AddBos = model == "gemma4" || metadata.GetBool(Prefix + "add_bos_token", sentencePiece || row.AddsBos),
            AddEos = metadata.GetBool(Prefix + "add_eos_token", false),
            SpacePrefix = spacePrefix,
            CleansUp = row.CleansUp,
            SuppressedIds = [.. (metadata.GetIntegers(Prefix + "suppress_tokens") ?? []).Where(id => id >= 0 && id < vocabulary.Size).Select(id => (int)id)],
            ChatTemplate = metadata.GetString("tokenizer.chat_template"),
            Warning = sentencePiece || !string.IsNullOrEmpty(pre) ? null : "the file names no pre-tokeniser; the default one may degrade the output",
        };
    }

    private static FragmentEncoder SentencePiece(GgufMetadata metadata, Vocabulary vocabulary, bool spacePrefix, int? unknown)
    {
        float[] scores = metadata.GetFloats(Prefix + "scores")
            ?? [.. (metadata.GetIntegers(Prefix + "scores") ?? []).Select(score => (float)score)];
        if (scores.Length < vocabulary.Size)
        {
            Array.Resize(ref scores, vocabulary.Size);
        }

        var rule = new ConcatenationMerge(vocabulary.Pieces, scores);
        return new CharacterEncoder<ConcatenationMerge>(vocabulary, WholeText, rule, 4L * scores.Length, spacePrefix, unknown);
    }

    private static FragmentEncoder BytePairs(GgufMetadata metadata, Vocabulary vocabulary, PreTokenizer row, int? unknown)
    {
        if (metadata.GetStrings(Prefix + "merges") is not { } merges)
        {
            return new ByteLevelEncoder<ConcatenationMerge>(vocabulary, row, new ConcatenationMerge(vocabulary.Pieces, null), 0);
        }

        MergeTable table = vocabulary.ReadMerges(merges);
        var rule = new RankedMerge(table);
        return row.IsRaw
            ? new CharacterEncoder<RankedMerge>(vocabulary, row, rule, table.ApproximateBytes, spacePrefix: false, unknown)
            : new ByteLevelEncoder<RankedMerge>(vocabulary, row, rule, table.ApproximateBytes);
    }

    // A default id is historical; it holds only where it is not an ordinary piece of text.
    private static int? Id(GgufMetadata metadata, Vocabulary vocabulary, string key, int? defaultId)
    {
        if (metadata.TryGetInt64(Prefix + key, out long id))
        {
            return id >= 0 && id < vocabulary.Size ? (int)id : null;
        }

        return defaultId < vocabulary.Size && vocabulary.TypeOf(defaultId.Value) != TokenType.Normal ? defaultId : null;
    }

    // The file does not say which tokens swallow the whitespace after them; it is known of Phi-3.
    private static Func<string, bool>? StripsRight(GgufMetadata metadata)
    {
        string name = metadata.GetString("general.name") ?? "";
        bool phi3 = name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        return phi3 ? static text => text is not ("<unk>" or "<s>" or "<|endoftext|>") : null;
    }
}
