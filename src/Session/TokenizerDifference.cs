using System.Globalization;
using LayerStream.Formats;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Session;

/// <summary>Compares the tokenizers of two files: the same ids must stand for the same texts, and be made of texts in the same
/// way.</summary>
internal static class TokenizerDifference
{
    private const string Prefix = "tokenizer.ggml.";
    private const int MostShown = 40; // characters of a text

    /// <summary>The first difference, as the end of a sentence about the second file; null = there is none. Unused tokens at the end of one
    /// of them count for nothing: files pad their tables differently.</summary>
    internal static string? Find(GgufMetadata first, GgufMetadata second) =>
        Name(first, second, "model") ?? Name(first, second, "pre") ?? Tokens(first, second) ?? Merges(first, second);

    private static string? Name(GgufMetadata first, GgufMetadata second, string key)
    {
        string? a = first.GetString(Prefix + key), b = second.GetString(Prefix + key);
        return a == b ? null : $"{Prefix}{key} is {Quote(b)}, not {Quote(a)}";
    }

    private static string? Tokens(GgufMetadata first, GgufMetadata second)
    {
        IReadOnlyList<string> a = first.GetStrings(Prefix + "tokens") ?? [], b = second.GetStrings(Prefix + "tokens") ?? [];
        IReadOnlyList<long>? aTypes = first.GetIntegers(Prefix + "token_type"), bTypes = second.GetIntegers(Prefix + "token_type");
        int common = Math.Min(a.Count, b.Count);
        for (int id = 0; id < common; id++)
        {
            if (a[id] != b[id])
            {
                return string.Create(CultureInfo.InvariantCulture, $"token {id} is {Quote(b[id])}, not {Quote(a[id])}");
            }

            if (TypeOf(aTypes, id) != TypeOf(bTypes, id))
            {
                return string.Create(CultureInfo.InvariantCulture,
                    $"token {id} ({Quote(a[id])}) is of type {TypeOf(bTypes, id)}, not {TypeOf(aTypes, id)}");
            }
        }

        IReadOnlyList<long>? moreTypes = a.Count > common ? aTypes : bTypes;
        bool isPadded = Enumerable.Range(common, Math.Max(a.Count, b.Count) - common).All(id => TypeOf(moreTypes, id) == TokenType.Unused);
        return isPadded ? null : string.Create(CultureInfo.InvariantCulture, $"it has {b.Count} tokens, not {a.Count}");
    }

    private static string? Merges(GgufMetadata first, GgufMetadata second)
    {
        IReadOnlyList<string> a = first.GetStrings(Prefix + "merges") ?? [], b = second.GetStrings(Prefix + "merges") ?? [];
        for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (a[i] != b[i])
            {
                return string.Create(CultureInfo.InvariantCulture, $"merge {i} is {Quote(b[i])}, not {Quote(a[i])}");
            }
        }

        return a.Count == b.Count ? null : string.Create(CultureInfo.InvariantCulture, $"it has {b.Count} merges, not {a.Count}");
    }

    private static TokenType TypeOf(IReadOnlyList<long>? types, int id) =>
        types is not null && id < types.Count ? (TokenType)types[id] : TokenType.Normal;

    private static string Quote(string? text) => text is null ? "missing"
        : "'" + string.Concat(text.Take(MostShown).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + "'";
}
