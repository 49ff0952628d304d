using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>Which chat template is used: the one asked for, else the model's own, else ChatML.</summary>
public static class TemplateSource
{
    private const string ChatMl = "chatml";

    /// <summary>What to do about a model whose own template cannot be read, as a sentence.</summary>
    public const string WayOut = "Give another one with --chat-template: a file, or chatml.";

    /// <summary>The template; null = ChatML.</summary>
    /// <param name="asked">The name of one in the model, a file, <c>chatml</c>, or null for the model's own.</param>
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

        if (tokenizer?.ChatTemplates.TryGetValue(asked, out string? named) == true)
        {
            return ChatTemplate.Parse(named);
        }

        return File.Exists(asked)
            ? ChatTemplate.Parse(File.ReadAllText(asked))
            : throw new UsageException($"--chat-template takes a file, {ChatMl} or the name of a template in the model "
            + $"({(tokenizer is null or { ChatTemplates.Count: 0 } ? "there is none" : string.Join(", ", tokenizer.ChatTemplates.Keys))}); "
            + $"there is no file '{asked}'.");
    }
}
