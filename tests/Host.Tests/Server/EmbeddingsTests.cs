using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>Embeddings by a model that is made for them.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class EmbeddingsTests(EmbeddingDaemon daemon) : IClassFixture<EmbeddingDaemon>
{
    private const string Path = "/v1/embeddings";

    [Fact]
    public async Task Embedding_OfATextOrItsIds_IsTheMeanOfTheStatesOfLength1()
    {
        JsonElement reply = await daemon.PostAsync(Path, """{"input":["Hello world, again","Other"],"model":"smollm2"}""");
        JsonElement[] data = [.. reply.GetProperty("data").EnumerateArray()];
        Assert.Equal([0, 1], data.Select(d => d.GetProperty("index").GetInt32()));
        float[] first = Vector(data[0].GetProperty("embedding"));
        Assert.Equal(1, first.Sum(x => (double)x * x), 1e-5);
        Assert.NotEqual(first, Vector(data[1].GetProperty("embedding")));
        int[] ids = daemon.Model.RequireTokenizer().Encode("Hello world, again", addSpecial: true, parseSpecial: false);
        double[] mean = new double[first.Length];
        await daemon.Model.Engine.StatesAsync(ids, (_, row) =>
        {
            for (int i = 0; i < mean.Length; i++)
            {
                mean[i] += row.Span[i];
            }
        }, TestContext.Current.CancellationToken);
        double length = Math.Sqrt(mean.Sum(x => x * x));
        Assert.All(first.Zip(mean), pair => Assert.Equal(pair.Second / length, pair.First, 1e-6));
        JsonElement byIds = await daemon.PostAsync(Path, $$"""{"input":{{JsonSerializer.Serialize(ids)}},"encoding_format":"base64"}""");
        byte[] bytes = byIds.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(first, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        Assert.Equal(ids.Length, byIds.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Embedding_OfFewerDimensions_IsTheBeginningOfLength1()
    {
        float[] whole = Vector((await daemon.PostAsync(Path, """{"input":"Hello"}""")).GetProperty("data")[0].GetProperty("embedding"));
        float[] part = Vector((await daemon.PostAsync(Path, """{"input":"Hello","dimensions":8}""")).GetProperty("data")[0]
            .GetProperty("embedding"));
        double length = Math.Sqrt(whole.Take(8).Sum(x => (double)x * x));
        Assert.All(part.Zip(whole), pair => Assert.Equal(pair.Second / length, pair.First, 1e-6));
        Assert.Equal(8, part.Length);
    }

    [Fact]
    public async Task Embedding_OfOllama_IsTheSameAndCutsWhatIsTooLong()
    {
        float[] one = Vector((await daemon.PostAsync(Path, """{"input":"Hello"}""")).GetProperty("data")[0].GetProperty("embedding"));
        JsonElement embed = await daemon.PostAsync("/api/embed", """{"model":"smollm2:latest","input":"Hello","options":null}""");
        Assert.Equal(one, Vector(embed.GetProperty("embeddings")[0]));
        JsonElement old = await daemon.PostAsync("/api/embeddings", """{"model":"smollm2","prompt":"Hello"}""");
        Assert.Equal(one, Vector(old.GetProperty("embedding")));
        string many = string.Concat(Enumerable.Repeat("word ", 1500));
        JsonElement cut = await daemon.PostAsync("/api/embed", $$"""{"model":"smollm2","input":"{{many}}"}""");
        Assert.Equal(1023, cut.GetProperty("prompt_eval_count").GetInt32());
        Assert.Contains("maximum context length", await daemon.SendAsync(Path, $$"""{"input":"{{many}}"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "input")]
    [InlineData("{\"input\":\"\"}", "input")]
    [InlineData("{\"input\":[[1],[49152]]}", "input[1][0]")]
    [InlineData("{\"input\":\"a\",\"dimensions\":577}", "dimensions")]
    [InlineData("{\"input\":\"a\",\"encoding_format\":\"int8\"}", "encoding_format")]
    [InlineData("{\"input\":\"a\",\"truncate\":true}", "truncate")]
    public async Task Refusal_OfAMember_NamesIt(string body, string param)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        using JsonDocument error = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(param, error.RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    private static float[] Vector(JsonElement values) => [.. values.EnumerateArray().Select(v => v.GetSingle())];
}
