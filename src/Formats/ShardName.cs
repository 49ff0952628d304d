using System.Globalization;

namespace LayerStream.Formats;

/// <summary>The file name of one file of a split model: <c>{prefix}-{number:05d}-of-{count:05d}.gguf</c>, numbers from 1.</summary>
/// <param name="Prefix">The path in front of the number.</param>
/// <param name="Number">Which of the files, from 1.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct ShardName(string Prefix, int Number, int Count)
{
    private const string Ending = ".gguf";
    private const int TailLength = 20; // -00001-of-00003.gguf

    /// <summary>Splits a path; false when the name does not follow the pattern.</summary>
    public static bool TryParse(string path, out ShardName name)
    {
        name = default;
        if (path.Length <= TailLength || !path.EndsWith(Ending, StringComparison.Ordinal))
        {
            return false;
        }

        var tail = path.AsSpan(path.Length - TailLength);
        if (tail[0] != '-' || !tail.Slice(6, 4).SequenceEqual("-of-")
            || !int.TryParse(tail.Slice(1, 5), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || !int.TryParse(tail.Slice(10, 5), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return false;
        }

        name = new ShardName(path[..^TailLength], number, count);
        return true;
    }

    /// <summary>The path of another file of the set.</summary>
    public string Path(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{number:D5}-of-{Count:D5}{Ending}");
}
