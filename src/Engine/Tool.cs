using System.Text.Json;

namespace LayerStream.Engine;

/// <summary>A tool that the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">JSON Schema of its arguments: an object.</param>
public sealed record Tool(string Name, string Description, JsonElement Parameters);

/// <summary>Whether an answer is a call.</summary>
public enum ToolDemand
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>It is none.</summary>
    None,

    /// <summary>It is one, with arguments that meet the tool's schema.</summary>
    Required,
}
