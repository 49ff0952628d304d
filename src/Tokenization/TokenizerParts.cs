using System.Collections.Frozen;
using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization;

/// <summary>What a tokenizer is made of.</summary>
internal sealed record TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required FragmentEncoder Encoder { get; init; }

    public required SpecialTokenIndex Specials { get; init; }

    public required FrozenSet<int> EndOfGeneration { get; init; }

    public required int? BosId { get; init; }

    public required int? EosId { get; init; }

    public required bool AddBos { get; init; }

    public required bool AddEos { get; init; }

    /// <summary>Whole-text decoding drops one leading space.</summary>
    public required bool SpacePrefix { get; init; }

    public required bool CleansUp { get; init; }

    public required FillTokens? Fill { get; init; }

    public required int[] SuppressedIds { get; init; }

    public required string? ChatTemplate { get; init; }

    public required IReadOnlyDictionary<string, string> ChatTemplates { get; init; }

    public required string? Warning { get; init; }
}
