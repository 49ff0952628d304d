using System.Text;
using LayerStream.Session;

namespace LayerStream.Host.Terminal;

/// <summary>
/// Arguments as the system passed them. The runtime puts U+FFFD in place of bytes that are not UTF-8: a file would be looked for, or
/// written, under another name than the user gave, and a prompt would be another text.
/// </summary>
internal static class ArgumentBytes
{
    private const char Replacement = '\uFFFD';
    private const string CommandLine = "/proc/self/cmdline";

    /// <summary>Looks at the arguments; only those with a replaced character can be wrong.</summary>
    /// <exception cref="UsageException">One is not UTF-8.</exception>
    public static void Check(IReadOnlyList<string> arguments)
    {
        if (OperatingSystem.IsLinux() && arguments.Any(a => a.Contains(Replacement)) && File.Exists(CommandLine))
        {
            Check(arguments, File.ReadAllBytes(CommandLine));
        }
    }

    /// <param name="arguments">As the runtime gives them.</param>
    /// <param name="commandLine">As the system gives them, each with a zero byte behind it; the last ones are the arguments.</param>
    internal static void Check(IReadOnlyList<string> arguments, ReadOnlySpan<byte> commandLine)
    {
        UTF8Encoding strict = new(false, throwOnInvalidBytes: true);
        ReadOnlySpan<byte> rest = commandLine is [.., 0] ? commandLine[..^1] : commandLine;
        for (int i = arguments.Count - 1; i >= 0; i--)
        {
            int before = rest.LastIndexOf((byte)0);
            try
            {
                _ = strict.GetCharCount(rest[(before + 1)..]);
            }
            catch (DecoderFallbackException)
            {
                throw new UsageException($"The argument {arguments[i]} has bytes that are not UTF-8. A file of that name needs another "
                    + "name, or a link with one in UTF-8; a text is given in UTF-8.");
            }

            rest = before < 0 ? [] : rest[..before];
        }
    }
}
