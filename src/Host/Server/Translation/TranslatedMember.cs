using System.Text.Json;
using LayerStream.Host.Server.Chat;

namespace LayerStream.Host.Server.Translation;

/// <summary>A member of another protocol's request.</summary>
/// <param name="Name">The member.</param>
/// <param name="Use">What happens to it.</param>
/// <param name="Note">Range, condition or reason, for the documentation.</param>
/// <param name="Write">Writes what it means as members of a chat completion request; null = elsewhere or nothing.</param>
internal sealed record TranslatedMember(string Name, ParameterUse Use, string Note, Action<Utf8JsonWriter, JsonElement>? Write = null)
{
    /// <summary>A member with another name and the same meaning.</summary>
    public static TranslatedMember As(string name, string chatName, string note) => new(name, ParameterUse.Honoured, note, (json, value) =>
    {
        json.WritePropertyName(chatName);
        value.WriteTo(json);
    });

    /// <summary>Members with the same name and meaning.</summary>
    public static IEnumerable<TranslatedMember> Same(params string[] names) =>
        names.Select(n => As(n, n, "as in chat completions"));

    /// <summary>A member that is read together with others.</summary>
    public static TranslatedMember Elsewhere(string name, string note) => new(name, ParameterUse.Honoured, note);

    /// <summary>Members without effect.</summary>
    public static IEnumerable<TranslatedMember> Hints(params string[] names) =>
        names.Select(n => new TranslatedMember(n, ParameterUse.Hint, "without effect here"));

    /// <summary>Members that would change the answer.</summary>
    public static IEnumerable<TranslatedMember> Refusals(params string[] names) =>
        names.Select(n => new TranslatedMember(n, ParameterUse.Refused, "would change the answer"));
}
