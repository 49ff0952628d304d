using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Verbs;

/// <summary>One JSON object per line from stdin, one per line to stdout.</summary>
internal static class JsonLines
{
    /// <summary>Answers every line with what <paramref name="convert"/> gives for it, or with {"error"} where it fails. Returns the exit
    /// code.</summary>
    public static int Run<T>(Func<JsonElement, T> convert, JsonTypeInfo<T> type)
    {
        using StreamReader input = new(StandardStreams.OpenInput(), new UTF8Encoding(false));
        using BufferedStream output = new(StandardOutput.Open(), 1 << 16);
        while (input.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
                JsonOut.Write(output, convert(document.RootElement), type);
            }
            catch (Exception e) when (e is TemplateException or JsonException or InvalidOperationException or UsageException)
            {
                JsonOut.Write(output, new ErrorReport(e.Message), ReportJson.Default.ErrorReport);
            }
        }

        return Failures.Success;
    }

    /// <summary>A member of a line that is a text.</summary>
    /// <exception cref="UsageException">It is missing, or something else.</exception>
    public static string Text(JsonElement line, string name) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new UsageException($"The line has no \"{name}\" that is a text.");
}
