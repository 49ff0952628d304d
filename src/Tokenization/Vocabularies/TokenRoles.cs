using System.Collections.Frozen;
using LayerStream.Formats;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>The tokens that end a generation, and the corrections of token types that files get wrong.</summary>
internal static class TokenRoles
{
    private static readonly string[] s_endTexts =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>", "</s>",
        "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
        "<｜end▁of▁sentence｜>", "[e~[",
    ];

    // Padding, repository and file separators of fill-in-the-middle end a generation too.
    private static readonly string[] s_fillEndTexts =
    [
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>",
        "<|file_sep|>",
    ];

    private static readonly string[] s_fillKeys =
        ["tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.fim_mid_token_id"];

    // Prefixes, suffixes and middles, as many of each.
    private static readonly string[] s_fillTexts =
    [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>",
    ];

    // These must stay visible in output for parsing.
    private static readonly string[] s_visibleTexts = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

    private static readonly string[] s_endKeys =
    [
        "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id", "tokenizer.ggml.fim_pad_token_id",
        "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id",
    ];

    /// <summary>All texts that mean something here.</summary>
    public static FrozenSet<string> WatchedTexts { get; } =
        s_endTexts.Concat(s_fillEndTexts).Concat(s_fillTexts).Concat(s_visibleTexts).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The marks of fill-in-the-middle: those that the file names, else those with a known text; null unless there are all
    /// three.</summary>
    public static FillTokens? Fill(GgufMetadata metadata, Vocabulary vocabulary, IReadOnlyDictionary<string, int> found)
    {
        int third = s_fillTexts.Length / 3;
        int[] ids = [.. s_fillKeys.Select((key, i) =>
            metadata.TryGetInt64(key, out long keyed) && keyed >= 0 && keyed < vocabulary.Size ? (int)keyed
                : s_fillTexts.Skip(i * third).Take(third).Where(found.ContainsKey).Select(t => found[t]).FirstOrDefault(-1))];
        return ids is [>= 0, >= 0, >= 0] ? new FillTokens(ids[0], ids[1], ids[2]) : null;
    }

    /// <summary>Corrects the types in <paramref name="vocabulary"/>.</summary>
    /// <param name="metadata">Metadata of the file.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="found">Ids of the watched texts.</param>
    /// <param name="eos">The file's end token.</param>
    /// <returns>Ids that end a generation.</returns>
    public static FrozenSet<int> Apply(GgufMetadata metadata, Vocabulary vocabulary, IReadOnlyDictionary<string, int> found, int? eos)
    {
        var ends = new HashSet<int>();
        foreach (string text in s_endTexts.Concat(s_fillEndTexts).Where(found.ContainsKey))
        {
            ends.Add(found[text]);
            vocabulary.SetType(found[text], TokenType.Control);
        }

        foreach (string text in s_fillTexts.Where(found.ContainsKey))
        {
            vocabulary.SetType(found[text], TokenType.Control);
        }

        foreach (string text in s_visibleTexts.Where(found.ContainsKey))
        {
            vocabulary.MakeVisible(found[text]);
        }

        bool harmony = (found.ContainsKey("<|return|>") && found.ContainsKey("<|call|>"))
            || (found.ContainsKey("<|calls|>") && found.ContainsKey("<|flush|>"));
        if (harmony && found.TryGetValue("<|end|>", out int end))
        {
            ends.Remove(end);
            vocabulary.MakeVisible(end);
        }

        if (found.ContainsKey("<|tool_response>") && found.TryGetValue("</s>", out int sentenceEnd))
        {
            ends.Remove(sentenceEnd);
            vocabulary.SetType(sentenceEnd, TokenType.Normal);
        }

        if (eos is int id)
        {
            ends.Add(id);
        }

        foreach (string key in s_endKeys)
        {
            if (metadata.TryGetInt64(key, out long keyed) && keyed >= 0 && keyed < vocabulary.Size)
            {
                ends.Add((int)keyed);
            }
        }

        return ends.ToFrozenSet();
    }
}
