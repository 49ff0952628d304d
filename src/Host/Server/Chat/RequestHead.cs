using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>What must be known of a body before the model is there that reads it.</summary>
/// <param name="Model">The model it names; null = none.</param>
/// <param name="Streams">Whether it asks for a stream; null = it does not say.</param>
internal sealed record RequestHead(string? Model, bool? Streams)
{
    /// <summary>Goes over a body once. What is wrong with other members, or with these, is said by who reads them in full.</summary>
    /// <exception cref="ApiException">400: not valid JSON, or no object.</exception>
    public static RequestHead Of(ReadOnlyMemory<byte> body)
    {
        string? model = null;
        bool? streams = null;
        BodyMember.ReadAll(body, member =>
        {
            if (member.Name is "model" or "name" && member.Tokens == 1)
            {
                using JsonDocument value = member.Parse();
                model = value.RootElement.ValueKind == JsonValueKind.String && (model is null || member.Name == "model")
                    ? JsonFields.Text(value.RootElement, member.Name) : model;
            }
            else if (member.Name == "stream" && member.Tokens == 1)
            {
                streams = member.Value.Span.SequenceEqual("true"u8) ? true : member.Value.Span.SequenceEqual("false"u8) ? false : streams;
            }
        });
        return new RequestHead(model, streams);
    }
}
