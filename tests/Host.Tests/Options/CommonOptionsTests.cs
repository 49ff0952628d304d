using LayerStream.Host.Options;

namespace LayerStream.Host.Tests.Options;

public sealed class CommonOptionsTests
{
    [Theory]
    [InlineData(true, "--parse-special")]
    [InlineData(false)]
    public void Bind_ParseSpecial_IsForTheTextOfMessages(bool expected, params string[] flags) =>
        Assert.Equal(expected, CommonOptions.Bind(VerbTable.CreateRoot().Parse(["run", "x", "--model", "m.gguf", .. flags])).ParseMessages);
}
