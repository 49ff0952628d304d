namespace LayerStream.Templates.Answers;

/// <summary>What a piece of an answer is.</summary>
public enum AnswerPart
{
    /// <summary>Text of the answer.</summary>
    Text,

    /// <summary>Text of the thought before it.</summary>
    Reasoning,

    /// <summary>A tool call begins: its name and perhaps the model's own id.</summary>
    CallStart,

    /// <summary>More of the arguments of the call that has begun, as JSON text.</summary>
    CallArguments,

    /// <summary>The call is whole: its arguments are one JSON object.</summary>
    CallEnd,

    /// <summary>The call that has begun will never be whole; the text is all of it as the model wrote it.</summary>
    CallBroken,
}

/// <summary>A piece of an answer.</summary>
/// <param name="Part">What it is.</param>
/// <param name="Text">Text to append; the name for <see cref="AnswerPart.CallStart"/>.</param>
/// <param name="Index">Number of the call, from 0.</param>
/// <param name="Id">The id that the model gave the call, or null.</param>
public readonly record struct AnswerEvent(AnswerPart Part, string Text, int Index = 0, string? Id = null);
