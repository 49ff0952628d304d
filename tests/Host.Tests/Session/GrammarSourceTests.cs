using LayerStream.Session;

namespace LayerStream.Host.Tests.Session;

public sealed class GrammarSourceTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"layerstream-grammar-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_FileThatIsTooLong_IsRefusedByName(bool isSchema)
    {
        using (FileStream file = File.Create(_file))
        {
            file.SetLength(8L << 30); // a hole: takes no room
        }

        UsageException refusal = Assert.Throws<UsageException>(
            () => GrammarSources.Read(new GrammarSources.Given(isSchema ? _file : null, isSchema ? null : _file, null, [])));
        Assert.Contains(_file, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("4 MiB", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileWithAMarkOfItsEncoding_IsTaken()
    {
        File.WriteAllText(_file, "root ::= \"yes\"", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.NotNull(GrammarSources.Read(new GrammarSources.Given(null, _file, null, [])));
    }
}
