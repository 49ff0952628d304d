using System.Text;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Scoring;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;

namespace LayerStream.Host.Tests.Server;

/// <summary>What a list of questions takes is charged before it is made.</summary>
public sealed class ScoreMemoryTests
{
    [Fact]
    public void Read_QuestionsWhoseCopiesFindNoRoom_AreRefusedByNameAndReadWithMore()
    {
        string question = "{\"prompt\":\"" + new string('a', 2_000) + "\",\"choices\":[\"b\",\"c\"]}";
        byte[] body = Encoding.UTF8.GetBytes("{\"questions\":[" + string.Join(',', Enumerable.Repeat(question, 500)) + "]}");
        using Admission admission = new(1);
        using DaemonMetrics metrics = new(() => 0, () => null);
        ServerState state = new("m", admission, metrics);
        List<string> refusals = [];
        bool isRead = false;
        for (long limit = 256 << 10; !isRead && limit < 1L << 30; limit += limit / 8)
        {
            using RequestMemory.Holding holding = RequestBodyTests.Memory(limit).Open();
            try
            {
                using ScoreRequest request = ScoreRequest.Read(body, state, holding);
                Assert.Equal(500, request.Questions.Count);
                isRead = true;
            }
            catch (ApiException e)
            {
                Assert.Equal(413, e.Status);
                refusals.Add(e.Message);
            }
        }

        Assert.True(isRead);
        Assert.Contains(refusals, r => r.Contains("'questions'", StringComparison.Ordinal));
    }
}
