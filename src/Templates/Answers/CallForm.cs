namespace LayerStream.Templates.Answers;

/// <summary>How a family writes calls, piece by piece, so that a grammar can be made of it:
/// opening, then for each call its opening, the name, the name's end, the arguments and the close, then closing. <see cref="Number"/>
/// stands for a number.</summary>
/// <param name="CallOpen">In front of a name.</param>
/// <param name="NameEnds">What may stand behind it; the first is the usual one.</param>
/// <param name="CallClose">Behind the arguments.</param>
public sealed record CallForm(string CallOpen, IReadOnlyList<string> NameEnds, string CallClose)
{
    /// <summary>Stands for a number in the other texts.</summary>
    public const string Number = "{number}";

    /// <summary>In front of the first call.</summary>
    public string Opening { get; init; } = "";

    /// <summary>Between two calls; null = there is only one.</summary>
    public string? Between { get; init; } = "";

    /// <summary>Behind the last.</summary>
    public string Closing { get; init; } = "";

    /// <summary>Whether names stand in JSON strings.</summary>
    public bool NamesAreJson { get; init; }

    /// <summary>Tags around parameters; null = the arguments are JSON.</summary>
    public CallTags? Tags { get; init; }

    /// <summary>How arguments are written where they stand in no tags of their own.</summary>
    public CallSyntax Syntax { get; init; }

    /// <summary>The mark of <see cref="Syntax"/>: around texts, or in front of tags.</summary>
    public string SyntaxMark { get; init; } = "";

    /// <summary>What an answer that is text begins with, the prompt having opened either; null = nothing.</summary>
    public string? TextOpen { get; init; }

    /// <summary>What tells in a text that a call comes, where that is no mark of the format; null = the format's marks do.</summary>
    public string? Sign { get; init; }

    /// <summary>What tells that the answer itself begins, where text before it is none of it; null = nothing does.</summary>
    public string? AnswerSign { get; init; }

    /// <summary>A name as it is written here.</summary>
    public string Name(string tool) => NamesAreJson ? JsonPieces.Quote(tool)[1..^1] : tool;

    /// <summary>The beginning of an answer that is a call: up to its arguments, or its number.</summary>
    /// <param name="tool">The tool; null = any.</param>
    public string Begin(string? tool)
    {
        string text = Opening + CallOpen + (tool is null ? "" : Name(tool) + NameEnds[0]);
        int number = text.IndexOf(Number, StringComparison.Ordinal);
        return (number < 0 ? text : text[..number]).TrimEnd(' '); // models write a space and what follows as one token
    }
}

/// <summary>How arguments are written.</summary>
public enum CallSyntax
{
    /// <summary>As JSON.</summary>
    Json,

    /// <summary>As objects with bare names and with texts between marks.</summary>
    BareNames,

    /// <summary>As arguments of a call in Python, up to the closing parenthesis.</summary>
    Python,

    /// <summary>As a tag for each member, nested as the values are.</summary>
    NestedTags,
}

/// <summary>Tags around a parameter.</summary>
/// <param name="KeyOpen">In front of its name.</param>
/// <param name="TextKeyEnd">Behind the name of one that is a string.</param>
/// <param name="JsonKeyEnds">Behind the name of another: any of these.</param>
/// <param name="ValueEnd">Behind the value.</param>
public sealed record CallTags(string KeyOpen, string TextKeyEnd, IReadOnlyList<string> JsonKeyEnds, string ValueEnd)
{
    /// <summary>Tags that look the same for all types.</summary>
    public static CallTags Same(string keyOpen, string keyEnd, string valueEnd) => new(keyOpen, keyEnd, [keyEnd], valueEnd);
}
