using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using Microsoft.Extensions.Logging;

namespace LayerStream.Host.Server.Service;

/// <summary>Entries on standard error: the message alone, or a line of JSON with time, level, event and values.</summary>
internal sealed class StandardErrorLogger(bool isJson, TextWriter? place = null) : ILogger
{
    private const string FormatKey = "{OriginalFormat}";

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        string text = formatter(state, exception);
        IEnumerable<KeyValuePair<string, object?>> values = state as IEnumerable<KeyValuePair<string, object?>> ?? [];
        (place ?? Console.Error).WriteLine(isJson ? Line(logLevel, eventId, text, values) : text);
    }

    private static string Line(LogLevel level, EventId id, string text, IEnumerable<KeyValuePair<string, object?>> values)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer, JsonReply.Options))
        {
            json.WriteStartObject();
            json.WriteString("time", DateTimeOffset.UtcNow);
            json.WriteString("level", level.ToString().ToLowerInvariant());
            json.WriteNumber("event_id", id.Id);
            json.WriteString("event", id.Name);
            json.WriteString("message", text);
            json.WriteStartObject("values");
            foreach ((string name, object? value) in values.Where(v => v.Key != FormatKey))
            {
                json.WriteString(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), Convert.ToString(value, CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
