using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;

namespace LayerStream.Host.Tests.Server;

/// <summary>Keys of a file, and the places they may take.</summary>
public sealed class ApiKeysTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Find_SeveralKeys_OnlyWholeOnesOpen()
    {
        File.WriteAllText(_file, "# people\nanna\n\n  bert share=50%  \nwith a space\n");
        ApiKeys keys = ApiKeys.Load(_file);
        Assert.All(["anna", "bert", "with a space"], key => Assert.NotNull(keys.Find(key)));
        Assert.All(["ann", "", "# people", "bert share=50%", "space"], text => Assert.Null(keys.Find(text)));
        Assert.Equal(0.5, keys.FindBearer("bearer bert")!.Share);
        Assert.Equal(1, keys.Find("anna")!.Share);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# none\n")]
    [InlineData("anna share=0")]
    [InlineData("anna share=200%")]
    [InlineData("anna share=much")]
    public void Load_NoKeyOrNoShare_IsRefusedWithoutTellingTheKey(string text)
    {
        File.WriteAllText(_file, text);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ApiKeys.Load(_file));
        Assert.DoesNotContain("anna", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reload_FileChanged_TakesTheNewKeysAndKeepsThemWhenItFails()
    {
        File.WriteAllText(_file, "old");
        ApiKeys keys = ApiKeys.Load(_file);
        File.WriteAllText(_file, "new");
        Assert.NotNull(keys.Find("old"));
        keys.Reload();
        Assert.Null(keys.Find("old"));
        Assert.NotNull(keys.Find("new"));
        File.WriteAllText(_file, "");
        Assert.Throws<InvalidDataException>(keys.Reload);
        Assert.NotNull(keys.Find("new"));
    }

    [Fact]
    public void Enter_KeyWithAShare_LeavesTheOtherPlacesToOthers()
    {
        File.WriteAllText(_file, "anna share=50%\nbert");
        ApiKeys keys = ApiKeys.Load(_file);
        using Admission admission = new(3);
        Admission.Place first = admission.Enter(keys.Find("anna"));
        using Admission.Place second = admission.Enter(keys.Find("anna"));
        ApiException refused = Assert.Throws<ApiException>(() => admission.Enter(keys.Find("anna")));
        Assert.Equal((429, "key_share_used"), (refused.Status, refused.Code));
        Assert.True(refused.RetryAfterSeconds > 0);
        using Admission.Place other = admission.Enter(keys.Find("bert"));
        first.Dispose();
        using Admission.Place again = admission.Enter(keys.Find("anna"));
        Assert.Equal(3, admission.Admitted);
    }

    [Fact]
    public async Task Enter_QueueFullBehindAnAnswerThatLasts_RetryAfterIsByWhatItHasTaken()
    {
        using Admission admission = new(0);
        using (admission.Enter())
        {
            await Task.Delay(3100, TestContext.Current.CancellationToken);
            Assert.True(Assert.Throws<ApiException>(() => admission.Enter()).RetryAfterSeconds >= 2); // none has ended yet: half of 3.1 s
        }

        using Admission.Place next = admission.Enter();
        Assert.True(Assert.Throws<ApiException>(() => admission.Enter()).RetryAfterSeconds >= 2); // the mean, 3.1 s, less what it has run
    }
}
