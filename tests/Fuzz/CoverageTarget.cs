using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LayerStream.Formats;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;
using SharpFuzz;

namespace LayerStream.Fuzz;

/// <summary>
/// The targets that a coverage-guided fuzzer drives (<c>coverage.sh</c> instruments the libraries and starts it): anything but a
/// typed error is a crash to it.
/// </summary>
internal static class CoverageTarget
{
    private const int SeedItems = 24;
    private const int SeedTensors = 3;
    private const int SeedTensorBytes = 512;
    private const long BytesPerCharacter = 400;
    private const long FixedBytes = 1 << 20;
    private const long TemplateBytes = 512L << 20;

    // Small, so that the fuzzer's time goes to many inputs; the limits of the program are tested by the template tests.
    private static readonly TemplateLimits s_limits = new()
    {
        Steps = 20_000,
        TextLength = 1 << 16,
        TotalText = 1 << 20,
        Time = TimeSpan.FromSeconds(2)
    };

    /// <summary>Runs <c>seeds FOLDER GGUF …</c>, <c>gguf</c>, <c>template</c> or <c>tokenizer GGUF …</c>; returns the exit code.</summary>
    internal static int Run(string[] args)
    {
        // Lazy: instrumented code runs only once the fuzzer has given it a place for its counts.
        switch (args)
        {
            case ["seeds", string folder, .. string[] files]:
                WriteSeeds(folder, files);
                return 0;
            case ["gguf"]:
                string path = Path.Combine(Path.GetTempPath(), $"layerstream-{Environment.ProcessId}.gguf");
                Fuzzer.OutOfProcess.Run(stream => ReadFile(stream, path));
                return 0;
            case ["template"]:
                Lazy<TemplateVariables> variables = new(Variables);
                Fuzzer.OutOfProcess.Run(stream => Render(Encoding.UTF8.GetString(Bytes(stream)), variables.Value));
                return 0;
            case ["tokenizer", .. string[] files]:
                Lazy<Tokenizer[]> tokenizers = new(() => [.. files.Select(f => Tokenizer.FromMetadata(GgufModel.Open(f).Metadata))]);
                Fuzzer.OutOfProcess.Run(stream => Array.ForEach(tokenizers.Value, Encode(Encoding.UTF8.GetString(Bytes(stream)))));
                return 0;
            default:
                Console.Error.WriteLine("fuzz coverage seeds FOLDER GGUF ... | gguf | template | tokenizer GGUF ...");
                return 2;
        }
    }

    private static void WriteSeeds(string folder, string[] files)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < files.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i}.gguf"),
                GgufImage.ReadShortened(files[i], SeedItems, SeedTensors, SeedTensorBytes).Write());
        }
    }

    private static void ReadFile(Stream stream, string path)
    {
        File.WriteAllBytes(path, Bytes(stream));
        HostileTarget.Drive(path, run: false);
    }

    private static void Render(string source, TemplateVariables variables)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            string text = ChatTemplate.Parse(source, s_limits).Render(variables);
            Check(text.Length <= s_limits.TextLength, "the text is longer than allowed");
        }
        catch (TemplateSyntaxException e)
        {
            Check(e.Line >= 1, "a syntax error without a line");
        }
        catch (TemplateException e)
        {
            Check(e.RaisedByTemplate || e.Message.Length > 0, "an error without a message");
        }

        Check(GC.GetAllocatedBytesForCurrentThread() - before <= TemplateBytes, "over-allocation");
    }

    /// <summary>With special tokens (after which some vocabularies add a space) the stream must be the whole; without, the text comes
    /// back.</summary>
    private static Action<Tokenizer> Encode(string text) => tokenizer =>
    {
        foreach (bool special in new[] { false, true })
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial: special);
            Check(GC.GetAllocatedBytesForCurrentThread() - before <= (text.Length * BytesPerCharacter) + FixedBytes, "over-allocation");
            Check(ids.All(id => id >= 0 && id < tokenizer.VocabularySize), "an id outside the vocabulary");
            string whole = tokenizer.Decode(ids, special);
            Check(special || whole.Replace('\u2581', ' ') == text.Replace('\u2581', ' '), "the text does not come back");
            IncrementalDetokenizer stream = new(tokenizer, special);
            string streamed = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            Check(streamed == whole || streamed == " " + whole, "the stream differs from the whole");
        }
    };

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new UnreachableException(what);
        }
    }

    private static byte[] Bytes(Stream stream)
    {
        MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static TemplateVariables Variables()
    {
        using JsonDocument conversation = JsonDocument.Parse("""
            {
              "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "What is <b>7 * 6</b>?"}]},
                {"role": "assistant", "content": "", "reasoning_content": "Multiply.", "tool_calls": [
                  {"id": "c1", "type": "function", "function": {"name": "multiply", "arguments": {"a": 7, "b": 6.5, "c": [null, true]}}}]},
                {"role": "tool", "name": "multiply", "tool_call_id": "c1", "content": "42"},
                {"role": "user", "content": "Thanks 👍"}],
              "tools": [{"type": "function", "function": {"name": "multiply", "description": "Product.", "parameters": {
                "type": "object", "properties": {"a": {"type": "number"}, "b": {"type": ["number", "null"]}}, "required": ["a"]}}}],
              "add_generation_prompt": true, "enable_thinking": false
            }
            """);
        TemplateVariables variables = TemplateVariables.FromJson(conversation.RootElement);
        variables.Now = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        variables.Set("bos_token", "<s>");
        variables.Set("eos_token", "</s>");
        return variables;
    }
}
