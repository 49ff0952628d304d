using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>Which chat template is used: the one asked for, else the model's own, else ChatML.</summary>
internal static class TemplateSource
{
    private const string ChatMl = "chatml";

    /// <summary>The template; null = ChatML.</summary>
    /// <param name="asked">A file, <c>chatml</c>, or null for the model's own.</param>
    /// <param name="tokenizer">The model's tokenizer, which carries its template; null without one.</param>
    /// <exception cref="TemplateSyntaxException">It cannot be read.</exception>
    /// <exception cref="UsageException">There is no such file.</exception>
    public static ChatTemplate? Read(string? asked, Tokenizer? tokenizer)
    {
        if (asked is null)
        {
            return tokenizer?.ChatTemplate is { } own ? ChatTemplate.Parse(own) : null;
        }

        if (string.Equals(asked, ChatMl, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return File.Exists(asked)
            ? ChatTemplate.Parse(File.ReadAllText(asked))
            : throw new UsageException($"--chat-template takes a file or {ChatMl}; there is no file '{asked}'.");
    }
}
