using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>What the parser of an answer must know before its first letter.</summary>
/// <param name="Format">How the model writes thoughts and calls.</param>
/// <param name="Tools">Tools that may be called.</param>
/// <param name="OpensThought">Whether the prompt ends inside a thought.</param>
/// <param name="Begun">The beginning of the answer that stands in the prompt already, because a call was
/// demanded; null = none was, and empty where the prompt says all of it.</param>
internal sealed record AnswerOpening(AnswerFormat Format, OfferedTools Tools, bool OpensThought, string? Begun = null)
{
    /// <summary>An answer that is all text.</summary>
    public static AnswerOpening Plain { get; } = new(AnswerFormat.For(null), OfferedTools.None, false);

    /// <summary>The parser, behind what has begun.</summary>
    public AnswerParser Parse(Action<AnswerEvent> show)
    {
        AnswerParser parser = AnswerParser.Create(Format, Tools, OpensThought, show);
        parser.Append(Begun ?? "");
        return parser;
    }
}
