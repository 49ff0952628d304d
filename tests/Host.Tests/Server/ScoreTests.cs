using System.Net;
using System.Text.Json;
using LayerStream.Session.Reports;
using LayerStream.Session.Scoring;

namespace LayerStream.Host.Tests.Server;

/// <summary>Probabilities of given answers over HTTP.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class ScoreTests(ShippedDaemon daemon)
{
    private const string Path = "/v1/score";

    [Fact]
    public async Task Scores_OfManyQuestions_AreThoseOfTheVerbBitForBit()
    {
        JsonElement reply = await daemon.PostAsync(Path, """
            {"model":"smollm2","choices":[" yes"," no"],"questions":[
              {"id":7,"prompt":"Is the sky blue? Answer:"},
              {"prompt":"Is the sky green? Answer:","choices":[" green"," blue"," red"]},
              {"messages":[{"role":"user","content":"Is snow white?"}],"choices":["Yes","No"]}]}
            """);
        using StringReader lines = new("""
            {"id":7,"prompt":"Is the sky blue? Answer:","choices":[" yes"," no"]}
            {"prompt":"Is the sky green? Answer:","choices":[" green"," blue"," red"]}
            {"messages":[{"role":"user","content":"Is snow white?"}],"choices":["Yes","No"]}
            """);
        QuestionReader reader = new(lines, daemon.Model.RequireTokenizer(), daemon.Model.Template, false);
        Question[] questions = [.. reader.Read(9, 9999).Select(e => e.Question!)];
        QuestionScore[] scores = await Scorer.ScoreAsync(daemon.Model, questions, null, TestContext.Current.CancellationToken);
        JsonElement[] data = [.. reply.GetProperty("data").EnumerateArray()];
        Assert.Equal([0, 1, 2], data.Select(d => d.GetProperty("index").GetInt32()));
        for (int i = 0; i < data.Length; i++)
        {
            QuestionReport expected = QuestionReport.Of(null, questions[i], scores[i]);
            Assert.Equal(expected.Answer, data[i].GetProperty("answer").GetString());
            Assert.Equal(expected.Choices, data[i].GetProperty("choices").EnumerateArray().Select(c => new ChoiceReport(
                c.GetProperty("text").GetString()!, c.GetProperty("probability").GetDouble(), c.GetProperty("logprob").GetDouble())));
        }

        Assert.Equal(7, data[0].GetProperty("id").GetInt32());
        Assert.Equal(questions.Sum(q => q.Prompt.Count), reply.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"choices":["a","b"]}""", "questions")]
    [InlineData("""{"questions":[],"choices":["a","b"]}""", "questions")]
    [InlineData("""{"questions":[{"prompt":"a"}],"prompt":"b","choices":["a","b"]}""", "questions")]
    [InlineData("""{"questions":[{"prompt":"a","choices":["a","b"]},{"prompt":"a"}]}""", "questions[1]")]
    [InlineData("""{"questions":[{"prompt":"a","choices":["a","a"]}]}""", "questions[0]")]
    [InlineData("""{"questions":[{"prompt":"a","choices":["a","b"],"text_1":1}]}""", "questions[0]")]
    [InlineData("""{"questions":[{"prompt":"a","messages":[{"role":"user","content":"a"}],"choices":["a","b"]}]}""", "questions[0]")]
    [InlineData("""{"prompt":"a","choices":["a","b"],"text_1":"a"}""", "text_1")]
    public async Task Question_ThatDoesNotFit_IsRefusedByName(string body, string param)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        JsonElement error = JsonSerializer.Deserialize<JsonElement>(
            await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error");
        Assert.Equal(param, error.GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("GET", "/v1/files")]
    [InlineData("POST", "/v1/files")]
    [InlineData("GET", "/v1/files/file-1/content")]
    [InlineData("POST", "/v1/batches")]
    [InlineData("POST", "/v1/batches/batch_1/cancel")]
    public async Task Files_WithoutAFolder_AreRefusedWithTheWayOut(string method, string path)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync(method, path, method == "POST" ? "{}" : null);
        Assert.Equal(HttpStatusCode.NotImplemented, reply.StatusCode);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("--files-dir", text, StringComparison.Ordinal);
    }
}
