using LayerStream.Host.Server.Chat;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Server;

public sealed class ServerDefaultsTests
{
    private static readonly ModelOptions s_options = new() { ModelPath = "m.gguf", Stop = ["END"] };

    [Fact]
    public void ToGeneration_RequestWithoutStop_EndsWhereTheServerWasToldTo() =>
        Assert.Equal(["END"], new ChatRequest().ToGeneration([1], s_options).Stop);

    [Fact]
    public void ToGeneration_RequestWithStop_GoesByItsOwn() =>
        Assert.Equal(["x"], new ChatRequest { Stop = ["x"] }.ToGeneration([1], s_options).Stop);
}
