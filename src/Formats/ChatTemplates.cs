namespace LayerStream.Formats;

/// <summary>The chat templates that a file holds, by name.</summary>
public static class ChatTemplates
{
    /// <summary>Name of the one that is used when none is asked for.</summary>
    public const string DefaultName = "default";

    private const string DefaultKey = "tokenizer.chat_template";
    private const string NamesKey = "tokenizer.chat_templates";
    private const string Prefix = DefaultKey + ".";

    /// <summary>All templates; the one of <c>tokenizer.chat_template</c> under <see cref="DefaultName"/>, those of
    /// <c>tokenizer.chat_template.NAME</c> under their names.</summary>
    /// <exception cref="ModelFormatException">A template is no text, or the list of names no list of texts.</exception>
    public static IReadOnlyDictionary<string, string> Read(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        OrderedDictionary<string, string> templates = new(StringComparer.Ordinal);
        if (metadata.GetString(DefaultKey) is { } own)
        {
            templates.Add(DefaultName, own);
        }

        IEnumerable<string> listed = metadata.GetStrings(NamesKey) ?? [];
        IEnumerable<string> keyed = metadata.Keys.Where(k => k.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(k => k[Prefix.Length..]);
        foreach (string name in listed.Concat(keyed))
        {
            if (name.Length > 0 && metadata.GetString(Prefix + name) is { } text)
            {
                templates.TryAdd(name, text);
            }
        }

        return templates;
    }

    /// <summary>The one to use when none is asked for: the default one, or the only one there is; null when there is none, or a
    /// choice.</summary>
    public static string? Default(IReadOnlyDictionary<string, string> templates) =>
        templates.TryGetValue(DefaultName, out string? own) ? own : templates.Count == 1 ? templates.Values.First() : null;
}
