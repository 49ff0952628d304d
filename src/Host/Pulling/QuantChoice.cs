using LayerStream.Memory;

namespace LayerStream.Host.Pulling;

/// <summary>Picks one model of a repository.</summary>
public static class QuantChoice
{
    // What people take when they take what is usual, the nearest in size and quality first.
    private static readonly string[] s_order =
    [
        "Q4_K_M", "UD-Q4_K_XL", "Q4_K_XL", "Q4_K_L", "Q4_K_S", "Q4_K", "Q4_1", "IQ4_NL", "IQ4_XS", "UD-IQ4_XS", "Q4_0", "MXFP4_MOE",
        "MXFP4", "Q5_K_S", "Q5_K_M", "UD-Q5_K_XL", "Q5_K", "Q5_1", "Q5_0", "Q3_K_L", "UD-Q3_K_XL", "Q3_K_M", "Q3_K_S", "IQ3_M", "Q6_K",
        "UD-Q6_K_XL", "Q8_0", "UD-Q8_K_XL", "IQ3_S", "IQ3_XS", "IQ3_XXS", "UD-Q2_K_XL", "Q2_K", "BF16", "F16", "F32",
    ];

    /// <summary>The model of a quantisation or file name; without one the usual quantisation, or the nearest there is.</summary>
    /// <exception cref="PullException">There is none, or it may be several; the message lists what there is.</exception>
    public static RepositoryModel Pick(IReadOnlyList<RepositoryModel> models, string? named, string repository)
    {
        if (models.Count == 0)
        {
            throw new PullException($"{repository} holds no GGUF model. Repositories that do usually have GGUF in their name.");
        }

        RepositoryModel[] found = named is null ? Usual(models) : Named(models, named);
        if (found.Length == 1)
        {
            return found[0].Files.Count == found[0].Shards ? found[0]
                : throw new PullException($"{repository} has {found[0].Files.Count} of the {found[0].Shards} files of {found[0].Name}.");
        }

        string list = string.Join(", ", models.Select(m => $"{Label(models, m)} ({ByteSize.Format(m.Bytes)})"));
        throw new PullException(found.Length == 0
            ? $"{repository} has no {named}. There are: {list}."
            : $"{repository} has several that may be meant: "
                + $"{string.Join(", ", found.Select(m => $"hf.co/{repository}:{Label(models, m)}"))}. Say which.");
    }

    /// <summary>The shortest text that names a model of a repository.</summary>
    private static string Label(IReadOnlyList<RepositoryModel> models, RepositoryModel model) =>
        model.Quant is { } quant && models.Count(m => m.Quant == quant) == 1 ? quant : model.Name;

    private static RepositoryModel[] Usual(IReadOnlyList<RepositoryModel> models) => models.Count == 1 ? [.. models]
        : s_order.Select(quant => models.Where(m => m.Quant == quant).ToArray()).FirstOrDefault(m => m.Length > 0) ?? [.. models];

    private static RepositoryModel[] Named(IReadOnlyList<RepositoryModel> models, string named)
    {
        string plain = Plain(named);
        Func<RepositoryModel, bool>[] steps =
        [
            m => Plain(m.Name) == plain || Plain(m.Stem) == plain || m.Files.Any(f => Plain(f.Path) == plain),
            m => m.Quant is { } quant && Plain(quant) == plain,
            m => m.Quant is { } quant && Plain(quant).StartsWith(plain + "-", StringComparison.Ordinal),
        ];
        return steps.Select(step => models.Where(step).ToArray()).FirstOrDefault(m => m.Length > 0) ?? [];
    }

    private static string Plain(string text)
    {
        string plain = text.ToLowerInvariant().Replace('_', '-');
        return plain.EndsWith(".gguf", StringComparison.Ordinal) ? plain[..^5] : plain;
    }
}
