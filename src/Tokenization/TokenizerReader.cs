using LayerStream.Formats;
using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.PreTokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization;

/// <summary>Builds a tokenizer from metadata: the choice of model and pre-tokeniser with their defaults.</summary>
internal static class TokenizerReader
{
    private const string Prefix = "tokenizer.ggml.";
    private static readonly PreTokenizer s_wholeText = new([]);
    private static readonly Dictionary<string, ModelRow> s_models = new(StringComparer.Ordinal)
    {
        ["gpt2"] = new() { Bos = 11, Eos = 11, HasMerges = true },
        ["llama"] = new() { Bos = 1, Eos = 2, Unknown = 0, AddsBos = true, SpacePrefix = true },
        ["gemma4"] = new() { AlwaysBos = true, AddsBos = true, HasMerges = true, PreTokenizer = "gemma4" },
        ["t5"] = new() { Eos = 1, Unknown = 2, AddsEos = true },
    };

    /// <summary>Why the tokenizer cannot be read, or null.</summary>
    public static string? Unsupported(GgufMetadata metadata)
    {
        string? model = metadata.GetString(Prefix + "model");
        if (model is null || !s_models.TryGetValue(model, out ModelRow? kind))
        {
            return model is null ? $"no {Prefix}model in the file"
                : $"tokenizer model '{model}' is not supported ({string.Join(", ", s_models.Keys)} are)";
        }

        if (metadata.GetStrings(Prefix + "tokens") is not { Count: > 0 })
        {
            return $"no {Prefix}tokens in the file";
        }

        if (!kind.HasMerges)
        {
            return null;
        }

        PreTokenizer? row = PreTokenizers.Find(kind.PreTokenizer ?? metadata.GetString(Prefix + "pre"));
        if (row is null)
        {
            return $"pre-tokeniser '{metadata.GetString(Prefix + "pre")}' is not supported; a wrong guess would silently degrade the "
                + "output";
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

        ModelRow kind = s_models[model!];
        string? pre = kind.PreTokenizer ?? metadata.GetString(Prefix + "pre");
        PreTokenizer row = kind.HasMerges ? PreTokenizers.Find(pre)! : s_wholeText;
        TokenAlphabet alphabet = !kind.HasMerges || row.IsRaw ? SpaceAlphabet.Instance : ByteAlphabet.Instance;
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        Vocabulary vocabulary = Vocabulary.Read(metadata, alphabet, TokenRoles.WatchedTexts, found);
        int? bos = Id(metadata, vocabulary, "bos_token_id", row.HasDefaultBos ? kind.Bos : null, mayBeText: !kind.HasMerges);
        int? eos = Id(metadata, vocabulary, "eos_token_id", kind.Eos, mayBeText: !kind.HasMerges);
        int? unknown = Id(metadata, vocabulary, "unknown_token_id", kind.Unknown);
        bool spacePrefix = metadata.GetBool(Prefix + "add_space_prefix", kind.SpacePrefix);
        var ends = TokenRoles.Apply(metadata, vocabulary, found, eos);
        FragmentEncoder encoder = kind.HasMerges ? BytePairs(metadata, vocabulary, row, unknown)
            : model == "t5" ? Unigram(metadata, vocabulary, spacePrefix, unknown)
            : SentencePiece(metadata, vocabulary, spacePrefix, unknown);
        IReadOnlyDictionary<string, string> templates = ChatTemplates.Read(metadata);
        vocabulary.Complete();
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Encoder = encoder,
            Specials = new SpecialTokenIndex(vocabulary, StripsRight(metadata)),
            EndOfGeneration = ends,
            BosId = bos,
            EosId = eos,
            AddBos = kind.AlwaysBos || metadata.GetBool(Prefix + "add_bos_token", kind.AddsBos || row.AddsBos),
            AddEos = metadata.GetBool(Prefix + "add_eos_token", kind.AddsEos),
            SpacePrefix = spacePrefix,
            Fill = TokenRoles.Fill(metadata, vocabulary, found),
            CleansUp = row.CleansUp,
            SuppressedIds = [.. (metadata.GetIntegers(Prefix + "suppress_tokens") ?? []).Where(id => id >= 0 && id < vocabulary.Size)
                .Select(id => (int)id)],
            ChatTemplate = ChatTemplates.Default(templates),
            ChatTemplates = templates,
            Warning = Warning(kind.HasMerges && string.IsNullOrEmpty(pre), templates),
        };
    }

    private static string? Warning(bool lacksPreTokenizer, IReadOnlyDictionary<string, string> templates)
    {
        string? pre = lacksPreTokenizer ? "the file names no pre-tokeniser; the default one may degrade the output" : null;
        string? template = templates.Count > 0 && ChatTemplates.Default(templates) is null
            ? $"the file has no default chat template but several named ones ({string.Join(", ", templates.Keys)}); ChatML is used "
            + "unless --chat-template names one" : null;
        return pre is null ? template : template is null ? pre : $"{pre}; {template}";
    }

    private static FragmentEncoder SentencePiece(GgufMetadata metadata, Vocabulary vocabulary, bool spacePrefix, int? unknown)
    {
        float[] scores = Scores(metadata, vocabulary);
        var rule = new ConcatenationMerge(vocabulary.Pieces, scores);
        return new CharacterEncoder<ConcatenationMerge>(vocabulary, s_wholeText, rule, 4L * scores.Length, spacePrefix, unknown);
    }

    private static UnigramEncoder Unigram(GgufMetadata metadata, Vocabulary vocabulary, bool spacePrefix, int? unknown)
    {
        byte[] map = [.. (metadata.GetIntegers(Prefix + "precompiled_charsmap") ?? []).Select(b => unchecked((byte)b))];
        bool mergesSpaces = metadata.GetBool(Prefix + "remove_extra_whitespaces", false);
        var normalizer = new UnigramNormalizer(CharacterMap.Read(map), mergesSpaces, spacePrefix);
        return new UnigramEncoder(vocabulary, Scores(metadata, vocabulary), normalizer, unknown);
    }

    // Some files write whole numbers; tokens beyond the list have score 0.
    private static float[] Scores(GgufMetadata metadata, Vocabulary vocabulary)
    {
        float[] scores;
        try
        {
            scores = metadata.GetFloats(Prefix + "scores") ?? [];
        }
        catch (ModelFormatException)
        {
            scores = [.. metadata.GetIntegers(Prefix + "scores")!.Select(score => (float)score)];
        }

        if (scores.Length < vocabulary.Size)
        {
            Array.Resize(ref scores, vocabulary.Size);
        }

        return scores;
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

    // The defaults of gpt2 are historical; they hold only where they are no ordinary piece of text.
    private static int? Id(GgufMetadata metadata, Vocabulary vocabulary, string key, int? defaultId, bool mayBeText = true)
    {
        if (metadata.TryGetInt64(Prefix + key, out long id))
        {
            return id >= 0 && id < vocabulary.Size ? (int)id : null;
        }

        return defaultId < vocabulary.Size && (mayBeText || vocabulary.TypeOf(defaultId.Value) != TokenType.Normal) ? defaultId : null;
    }

    // The file does not say which tokens swallow the whitespace after them; it is known of Phi-3.
    private static Func<string, bool>? StripsRight(GgufMetadata metadata)
    {
        string name = metadata.GetString("general.name") ?? "";
        bool phi3 = name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        return phi3 ? static text => text is not ("<unk>" or "<s>" or "<|endoftext|>") : null;
    }

    /// <summary>Defaults of a value of <c>tokenizer.ggml.model</c>.</summary>
    private sealed record ModelRow
    {
        public int? Bos { get; init; }

        public int? Eos { get; init; }

        public int? Unknown { get; init; }

        public bool AddsBos { get; init; }

        /// <summary>BOS is added whatever the file says.</summary>
        public bool AlwaysBos { get; init; }

        public bool AddsEos { get; init; }

        public bool SpacePrefix { get; init; }

        public bool HasMerges { get; init; }

        /// <summary>The pre-tokeniser that comes with the model; null = named by the file.</summary>
        public string? PreTokenizer { get; init; }
    }
}
