using System.Text.Json;

namespace LayerStream.Host.Server.Chat;

/// <summary>What happens to a request member.</summary>
internal enum ParameterUse
{
    /// <summary>It does what it says.</summary>
    Honoured,

    /// <summary>It may be given and changes nothing here.</summary>
    Hint,

    /// <summary>It would change the answer and cannot be honoured: a 400 names it, unless its value asks for nothing.</summary>
    Refused,
}

/// <summary>A row of the table of request members. A member that is null is absent, whatever the row says.</summary>
/// <param name="Name">The member.</param>
/// <param name="Use">What happens to it.</param>
/// <param name="Note">Range, condition or reason, for the documentation.</param>
/// <param name="Read">Takes an honoured value over; it throws for one that does not fit.</param>
/// <param name="Neutral">Values of a refused member that ask for nothing and are let through; null = none.</param>
internal sealed record Parameter(string Name, ParameterUse Use, string Note, Action<ChatRequest, JsonElement, string>? Read = null,
    NeutralValues? Neutral = null);
