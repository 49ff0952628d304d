namespace LayerStream.Session;

/// <summary>One message.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>Who asks.</summary>
    public const string User = "user";

    /// <summary>Who answers.</summary>
    public const string Assistant = "assistant";

    /// <summary>Who instructs.</summary>
    public const string SystemRole = "system";
}
