using System.Text.RegularExpressions;

namespace LayerStream.Session.Catalogue;

/// <summary>The parts of a model's name: <c>family:size-rest-quant</c>.</summary>
/// <param name="Family">As the file writes it.</param>
/// <param name="Size">Such as 8B or 30B-A3B; null when it is not known.</param>
/// <param name="Rest">What stands between size and quantisation, such as Instruct; may be empty.</param>
/// <param name="Quant">The quantisation, or null.</param>
public sealed partial record ModelName(string Family, string? Size, string Rest, string? Quant)
{
    /// <summary>As it is listed: lower case, no spaces.</summary>
    public string Text
    {
        get
        {
            string tail = string.Join('-', new[] { Size, Rest, Quant }.Where(part => !string.IsNullOrEmpty(part)));
            return (tail.Length == 0 ? Family : $"{Family}:{tail}").ToLowerInvariant().Replace(' ', '-');
        }
    }

    /// <summary>By a file's name without ending and shard number.</summary>
    public static ModelName OfFile(string stem)
    {
        string? quant = QuantTag.OfName(stem);
        string plain = QuantTag.Without(stem);
        Match size = SizeLabel().Match(plain);
        return size.Success && size.Index > 1
            ? new ModelName(Trimmed(plain[..size.Index]), size.Value, Trimmed(plain[(size.Index + size.Length)..]), quant)
            : new ModelName(plain.Length == 0 ? stem : plain, null, "", plain.Length == 0 ? null : quant);
    }

    /// <summary>The same, with what only the file's contents say where the name says nothing.</summary>
    /// <param name="family">From the metadata, or null.</param>
    /// <param name="size">From the metadata, or null.</param>
    /// <param name="quant">From the metadata or the tensors.</param>
    public ModelName Completed(string? family, string? size, string? quant) => Size is not null || family is null
        ? this with { Size = Size ?? size, Quant = Quant ?? quant }
        : new ModelName(family, size, "", Quant ?? quant);

    private static string Trimmed(string text) => text.Trim('-', '_', '.', ' ');

    [GeneratedRegex(@"(?<=[-_. ])(?:(?:\d{1,3}x)?\d{1,4}(?:\.\d{1,3})?[BMT](?:-A\d{1,3}(?:\.\d{1,2})?[BM])?|E\d{1,2}B)(?=$|[-_. ])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SizeLabel();
}
