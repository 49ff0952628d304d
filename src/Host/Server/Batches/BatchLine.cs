using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Batches;

/// <summary>A request of a batch.</summary>
/// <param name="CustomId">Its name; the result has the same.</param>
/// <param name="Url">Path of the endpoint.</param>
/// <param name="Body">The request's body, inside the line it was read from.</param>
internal sealed record BatchLine(string CustomId, string Url, ReadOnlyMemory<byte> Body)
{
    /// <summary>Paths that a batch may ask.</summary>
    public static IReadOnlyList<string> Endpoints { get; } =
        ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/score"];

    /// <summary>Reads a line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="endpoint">The path that all requests must have; null = any of <see cref="Endpoints"/>.</param>
    /// <param name="fault">What is wrong with it; null for a request.</param>
    public static BatchLine? Read(ReadOnlyMemory<byte> text, int number, string? endpoint, out BatchFault? fault)
    {
        Members members = default;
        try
        {
            BodyMember.ReadAll(text, member => members = members.With(member));
            fault = members.Check(endpoint, number);
        }
        catch (ApiException e)
        {
            fault = new BatchFault(e.Code == "invalid_json" ? "invalid_json_line" : e.Code ?? "invalid_line", e.Message, number, e.Param);
        }

        return fault is null ? new BatchLine(members.CustomId!, members.Url!, members.Body) : null;
    }

    private record struct Members(string? CustomId, string? Method, string? Url, ReadOnlyMemory<byte> Body, bool IsStream)
    {
        public readonly Members With(BodyMember member)
        {
            if (member.IsNull)
            {
                return this;
            }

            return member.Name switch
            {
                "custom_id" => CustomId is null ? this with { CustomId = Text(member) } : throw Twice(member),
                "method" => Method is null ? this with { Method = Text(member) } : throw Twice(member),
                "url" => Url is null ? this with { Url = Text(member) } : throw Twice(member),
                "body" => Body.IsEmpty ? this with { Body = member.Value, IsStream = Streams(member.Value) } : throw Twice(member),
                _ => throw ApiException.Invalid(member.Name, $"'{member.Name}' is no member of a request in a batch",
                    "unsupported_parameter"),
            };
        }

        public readonly BatchFault? Check(string? endpoint, int number)
        {
            BatchFault Fault(string code, string message, string param) => new(code, message, number, param);
            return CustomId is not { Length: > 0 and <= RequestName.MostLength }
                    ? Fault("invalid_custom_id", $"'custom_id' must have 1 to {RequestName.MostLength} characters", "custom_id")
                : Method is not (null or "POST") ? Fault("invalid_method", "'method' must be POST", "method")
                : Url is null || !Endpoints.Contains(Url)
                    ? Fault("invalid_url", $"'url' must be one of {string.Join(", ", Endpoints)}", "url")
                : endpoint is not null && Url != endpoint
                    ? Fault("mismatched_url", $"'url' is not {endpoint}, the endpoint of this batch", "url")
                : Body.IsEmpty ? Fault("missing_body", "'body' is missing", "body")
                : IsStream ? Fault("invalid_stream", "an answer in a batch comes in one piece: leave 'stream' out", "body.stream") : null;
        }

        private static string Text(BodyMember member)
        {
            using JsonDocument value = member.Parse();
            return JsonFields.Text(value.RootElement, member.Name);
        }

        private static bool Streams(ReadOnlyMemory<byte> body)
        {
            bool streams = false;
            BodyMember.ReadAll(body, member => streams |= member.Name == "stream" && member.Value.Span.SequenceEqual("true"u8));
            return streams;
        }

        private static ApiException Twice(BodyMember member) =>
            ApiException.Invalid(member.Name, $"'{member.Name}' is given twice", "duplicate_parameter");
    }
}
