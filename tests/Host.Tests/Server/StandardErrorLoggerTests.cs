using System.Text.Json;
using LayerStream.Host.Server.Service;
using Microsoft.Extensions.Logging;

namespace LayerStream.Host.Tests.Server;

/// <summary>Entries of the log.</summary>
public sealed class StandardErrorLoggerTests
{
    [Fact]
    public void Log_AsJson_IsOneLineWithEventAndValues()
    {
        StringWriter said = new();
        IReadOnlyList<KeyValuePair<string, object?>> values = [new("FileName", "a\nb"), new("{OriginalFormat}", "x")];
        new StandardErrorLogger(isJson: true, said).Log(LogLevel.Warning, new EventId(5, "Changed"), values, null,
            (_, _) => "first\nsecond");
        string line = Assert.Single(said.ToString().TrimEnd().Split('\n'));
        JsonElement entry = JsonDocument.Parse(line).RootElement;
        Assert.Equal("warning", entry.GetProperty("level").GetString());
        Assert.Equal(5, entry.GetProperty("event_id").GetInt32());
        Assert.Equal("Changed", entry.GetProperty("event").GetString());
        Assert.Equal("first\nsecond", entry.GetProperty("message").GetString());
        JsonProperty value = Assert.Single(entry.GetProperty("values").EnumerateObject());
        Assert.Equal(("file_name", "a\nb"), (value.Name, value.Value.GetString()));
    }

    [Fact]
    public void Log_AsText_IsTheMessageAlone()
    {
        StringWriter said = new();
        new StandardErrorLogger(isJson: false, said).Log(LogLevel.Error, 9, "state", null, (_, _) => "a message");
        Assert.Equal("a message" + Environment.NewLine, said.ToString());
    }
}
