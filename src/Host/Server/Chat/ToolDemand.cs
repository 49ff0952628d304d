namespace LayerStream.Host.Server.Chat;

/// <summary>What a request says of calls.</summary>
internal enum ToolDemand
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>No call.</summary>
    None,

    /// <summary>At least one call of any tool.</summary>
    Required,

    /// <summary>A call of one tool.</summary>
    Named,
}
