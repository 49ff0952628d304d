using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Ollama;

namespace LayerStream.Host.Tests.Server;

public sealed class KeepAliveTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("\"0\"", 0)]
    [InlineData("\"0s\"", 0)]
    [InlineData("300", 300)]
    [InlineData("1.5", 1.5)]
    [InlineData("\"5m\"", 300)]
    [InlineData("\"1h30m\"", 5400)]
    [InlineData("\"250ms\"", 0.25)]
    [InlineData("-1", -1)]
    [InlineData("\"-1\"", -1)]
    [InlineData("\"-5m\"", -1)]
    [InlineData("1e300", -1)]
    public void KeepAlive_AnyForm_IsATimeOrForEver(string json, double seconds)
    {
        KeepAlive keep = KeepAlive.Of(JsonSerializer.Deserialize<JsonElement>(json));
        Assert.Equal(seconds < 0 ? null : TimeSpan.FromSeconds(seconds), keep.Time);
        Assert.Equal(seconds == 0, keep.IsOver);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"soon\"")]
    [InlineData("\"5\u0000m\"")]
    [InlineData("\"5 m\"")]
    [InlineData("\"5mm\"")]
    [InlineData("true")]
    [InlineData("[]")]
    public void KeepAlive_ThatIsNoTime_IsRefused(string json)
    {
        JsonElement value = JsonSerializer.Deserialize<JsonElement>(json.Replace("\0", "\\u0000", StringComparison.Ordinal));
        ApiException e = Assert.Throws<ApiException>(() => KeepAlive.Of(value));
        Assert.Equal((400, "keep_alive"), (e.Status, e.Param));
    }
}
