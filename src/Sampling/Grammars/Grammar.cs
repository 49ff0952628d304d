using System.Text.Json;
using LayerStream.Sampling.Grammars.Gbnf;
using LayerStream.Sampling.Grammars.Json.Texts;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars;

/// <summary>Texts that an answer must be one of. Compiled for one sequence at a time.</summary>
public sealed class Grammar
{
    /// <summary>Bytes that a grammar and its masks hold at most, beside what its source takes.</summary>
    public const long HeldBytes = 6 << 20;

    private Grammar(GrammarState start)
    {
        Start = start;
    }

    /// <summary>The state of the empty text.</summary>
    public GrammarState Start { get; }

    /// <summary>JSON texts that meet a schema (draft 2020-12, and older ones by their <c>$schema</c>).</summary>
    /// <param name="schema">The schema; it must outlive the grammar.</param>
    /// <param name="checks">Whether texts are only checked: then white space, depth and forms of numbers are not bounded.</param>
    /// <exception cref="GrammarException">It is no schema, is not supported, needs too much, or nothing meets it.</exception>
    public static Grammar FromSchema(JsonElement schema, bool checks = false) => new(JsonLanguage.Start(schema, checks));

    /// <summary>Texts of the rule <c>root</c> of a grammar in GBNF.</summary>
    /// <exception cref="GrammarException">It is no grammar, is left recursive, needs too much, or no text matches.</exception>
    public static Grammar FromGbnf(string text)
    {
        (IReadOnlyList<PatternNode> bodies, int root) = GbnfParser.Parse(text);
        return new Grammar(RuleLanguage.Start(bodies, root));
    }

    /// <summary>Texts that a regular expression describes as a whole.</summary>
    /// <exception cref="GrammarException">It is no pattern, uses what is not supported, needs too much, or no text matches.</exception>
    public static Grammar FromRegex(string pattern) => new(RuleLanguage.Start([RegexParser.Parse(pattern)], 0));

    /// <summary>One of some texts.</summary>
    /// <exception cref="GrammarException">There is none, or they need too much.</exception>
    public static Grammar FromChoices(IReadOnlyList<string> texts) => texts.Count > 0
        ? new Grammar(RuleLanguage.Start([new PatternChoice([.. texts.Select(PatternNode.Literal)])], 0))
        : throw GrammarException.Syntax("choices", "There is nothing to choose from.");

    internal static Grammar From(GrammarState start) => new(start);

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyObject()
    {
        using JsonDocument schema = JsonDocument.Parse("{\"type\":\"object\"}");
        return FromSchema(schema.RootElement.Clone());
    }

    /// <summary>What may follow a text that has been written; null when nothing can.</summary>
    /// <param name="text">The text; mark tokens in it as <see cref="TokenTexts.WithMarks"/> writes them.</param>
    public Grammar? After(ReadOnlySpan<byte> text)
    {
        GrammarState? state = Start;
        foreach (byte b in text)
        {
            state = state?.Next(b);
        }

        return state is null ? null : new Grammar(state);
    }

    /// <summary>Whether a text is accepted, and whether it is the beginning of one that is.</summary>
    public (bool Accepts, bool IsPrefix) Match(ReadOnlySpan<byte> text)
    {
        Grammar? rest = After(text);
        return (rest?.Start.IsAccepting ?? false, rest is not null);
    }
}
