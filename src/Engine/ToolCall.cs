namespace LayerStream.Engine;

/// <summary>A call of a tool that the model asks for.</summary>
/// <param name="Id">Its id within the conversation.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);
