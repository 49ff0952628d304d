using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Tests.Server;

/// <summary>Addresses as people write them.</summary>
public sealed class ListenAddressTests
{
    [Fact]
    public void ParseAll_EveryKind_IsReadAndOnlyOwnOnesAreLoopback()
    {
        IReadOnlyList<ListenAddress> all =
            ListenAddress.ParseAll("http://localhost:5099; https://127.0.0.1:1;unix:/run/ls.sock;http://[::1]:2;https://*:3");
        Assert.Equal([true, false, false, false, false], all.Select(a => a.IsBothLoopbacks));
        Assert.Equal([false, true, false, false, true], all.Select(a => a.IsSecure));
        Assert.Equal([true, true, true, true, false], all.Select(a => a.IsLoopback));
        Assert.Equal("/run/ls.sock", all[2].SocketPath);
    }

    [Theory]
    [InlineData("")]
    [InlineData("unix:ls.sock")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1/path")]
    [InlineData("http://user@127.0.0.1:1")]
    [InlineData("http://example.com:1")]
    [InlineData("127.0.0.1:1")]
    public void ParseAll_AnythingElse_IsRefusedByName(string text)
    {
        FormatException refused = Assert.Throws<FormatException>(() => ListenAddress.ParseAll(text));
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
