using System.Text;
using LayerStream.Host.Terminal;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Terminal;

public sealed class ArgumentBytesTests
{
    [Theory]
    [InlineData("run")]
    [InlineData("caf\u00e9", "")]
    [InlineData("really \uFFFD")]
    public void Check_ArgumentsInUtf8_AreTaken(params string[] arguments) =>
        ArgumentBytes.Check(arguments, Encoding.UTF8.GetBytes("program\0" + string.Concat(arguments.Select(a => a + "\0"))));

    [Fact]
    public void Check_BytesOfLatin1_AreRefusedWithTheArgument()
    {
        byte[] line = [.. "layerstream\0run\0a \0"u8, .. "t"u8, 0xE8, .. ".lstrace\0\0"u8];
        UsageException e = Assert.Throws<UsageException>(() => ArgumentBytes.Check(["run", "a ", "t\uFFFD.lstrace", ""], line));
        Assert.Contains("t\uFFFD.lstrace", e.Message, StringComparison.Ordinal);
        Assert.Contains("UTF-8", e.Message, StringComparison.Ordinal);
    }
}
