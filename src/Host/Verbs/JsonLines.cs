using System.Text;
using System.Text.Json;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Verbs;

/// <summary>One JSON object per line from stdin, one per line to stdout.</summary>
internal static class JsonLines
{
    /// <summary>
    /// Calls <paramref name="convert"/> for every line; it writes the members of the answer only when all went well. A line
    /// that fails yields {"error"}. Returns the exit code.
    /// </summary>
    public static int Run(Action<JsonElement, Utf8JsonWriter> convert)
    {
        using StreamReader input = new(StandardStreams.OpenInput(), new UTF8Encoding(false));
        using BufferedStream output = new(StandardOutput.Open(), 1 << 16);
        while (input.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            using MemoryStream answer = new();
            try
            {
                using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
                JsonOut.Write(answer, json => convert(document.RootElement, json));
            }
            catch (Exception e) when (e is TemplateException or JsonException or InvalidOperationException or KeyNotFoundException)
            {
                answer.SetLength(0);
                JsonOut.Write(answer, json => json.WriteString("error", e.Message));
            }

            output.Write(answer.GetBuffer(), 0, (int)answer.Length);
            output.Flush();
        }

        return Failures.Success;
    }
}
