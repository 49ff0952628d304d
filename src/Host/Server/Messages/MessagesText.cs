using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Messages;

/// <summary>The text of what a user hands over: text, and documents and search results that are text. Errors: <see cref="ApiException"/>
/// 400 naming the place.</summary>
internal static class MessagesText
{
    /// <summary>Of a block.</summary>
    public static string OfBlock(JsonElement block, string type, string place) => type switch
    {
        "text" => JsonParts.RequireText(block, "text", place),
        "document" => Under(block, ["title", "context"], Source(block, place), place),
        "search_result" => Under(block, ["title", "source"], JsonParts.ContentText(JsonParts.Find(block, "content"), place + ".content"),
            place),
        _ => throw JsonParts.Unsupported(place, type),
    };

    private static string Source(JsonElement block, string place)
    {
        string at = place + ".source";
        JsonElement source = JsonParts.Find(block, "source")
            ?? throw ApiException.Invalid(at, $"'{at}' is missing", "missing_parameter");
        return JsonParts.RequireText(source, "type", at) switch
        {
            "text" => JsonParts.RequireText(source, "data", at),
            "content" => JsonParts.ContentText(JsonParts.Find(source, "content"), at + ".content"),
            string other => throw JsonParts.Unsupported(at, other),
        };
    }

    private static string Under(JsonElement block, string[] headings, string text, string place) =>
        string.Join('\n', headings.Select(h => JsonParts.Text(block, h, place)).Where(h => !string.IsNullOrEmpty(h)).Append(text));
}
