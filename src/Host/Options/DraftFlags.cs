using LayerStream.Planning.Drafts;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Options;

/// <summary>Binding of the options about guesses.</summary>
internal static class DraftFlags
{
    /// <summary>When guesses are tried: a draft model alone says that they are to be, while they pay.</summary>
    /// <exception cref="UsageException">There is no such mode, or it lacks the model.</exception>
    public static DraftMode Mode(Func<string, string?> read)
    {
        bool hasModel = read("draft-model") is not null;
        if (read("draft") is not { } text)
        {
            return hasModel ? DraftMode.Auto : DraftMode.Off;
        }

        DraftMode mode = OptionText.Choice("draft", text, ("off", DraftMode.Off), ("auto", DraftMode.Auto), ("prompt", DraftMode.Prompt),
            ("model", DraftMode.Model));
        return mode != DraftMode.Model || hasModel ? mode
            : throw new UsageException("--draft model needs the model that guesses: --draft-model FILE.");
    }

    /// <summary>Path of the draft model; null = none is given.</summary>
    public static string? ModelPath(Func<string, string?> read, IReadOnlyList<string> folders) =>
        read("draft-model") is { Length: > 0 } model ? ModelChoice.Path(model, folders) : null;
}
