namespace LayerStream.Engine;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: system, user, assistant or tool.</param>
/// <param name="Text">What is said; for a tool its result.</param>
public sealed record ChatTurn(string Role, string Text)
{
    /// <summary>Calls that the assistant made in this message.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>Of a tool's result: the id of the call that it answers.</summary>
    public string? CallId { get; init; }

    /// <summary>Of a tool's result: the name of the tool.</summary>
    public string? ToolName { get; init; }

    /// <summary>An instruction in front of the conversation.</summary>
    public static ChatTurn System(string text) => new("system", text);

    /// <summary>A question.</summary>
    public static ChatTurn User(string text) => new("user", text);

    /// <summary>An earlier answer.</summary>
    public static ChatTurn Assistant(string text) => new("assistant", text);
}
