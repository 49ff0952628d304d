using System.IO.Compression;
using System.Text;
using LayerStream.Formats.Routes;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

public sealed class RouteTraceTests
{
    private const string Head =
        "# route_trace v1\n# model=/a b/m.gguf arch=x n_layer=2 n_expert=4 n_expert_used=2\n# layer=0 expert_bytes=10 dense_bytes=1\n"
        + "# layer=1 expert_bytes=20 dense_bytes=2\n" + RouteTraceWriter.Columns + "\n";

    private const string Rows = "0,0,0,0,0,3,0.6,0,10\n0,0,0,0,1,1,0.4,1,0\n0,0,0,1,0,2,1,0,20\n0,1,1,1,0,0,0.5,0,0\n0,1,1,1,1,3,0.5,0,0\n";

    [Fact]
    public void Read_OfAnOwnTrace_GivesWhatWasWritten()
    {
        RouteTrace trace = SyntheticRouting.Generate(SharedTraces.Header(3, 16, 4), 20, seed: 5);
        using MemoryStream file = new();
        using (RouteTraceWriter writer = new(file, trace.Header))
        {
            writer.Write(trace);
        }

        file.Position = 0;
        RouteTrace again = RouteTraceReader.Read(file, "m");
        Assert.Equal(trace.Touches, again.Touches);
        Assert.Equal(trace.Header.ExpertBytes, again.Header.ExpertBytes);
        foreach (RouteTouch t in trace.Touches)
        {
            Assert.Equal(trace.Experts(t).ToArray(), again.Experts(t).ToArray());
            for (int i = 0; i < t.Count; i++)
            {
                Assert.Equal(trace.Weights(t)[i], again.Weights(t)[i], 1e-4f);
            }
        }
    }

    [Fact]
    public void Read_OfPlainText_TakesTokensWithMissingLayersAndFewerExperts()
    {
        RouteTrace trace = Read(Head + Rows);
        Assert.Equal("m.gguf", trace.Header.Model);
        Assert.Equal([(0, 0, 2), (0, 1, 1), (1, 1, 2)], trace.Touches.Select(t => (t.Token, t.Layer, t.Count)));
        Assert.Equal([10L, 20L], trace.Header.ExpertBytes);
    }

    [Fact]
    public void Read_OfAPromptLayerAfterLayer_GivesTokenAfterToken()
    {
        RouteTrace trace = Read(Head + "0,0,0,0,0,1,1,0,0\n0,0,1,0,0,2,1,0,0\n0,0,0,1,0,3,1,0,0\n0,0,1,1,0,0,1,0,0\n");
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], trace.Touches.Select(t => (t.Token, t.Layer)));
        Assert.Equal([1, 3, 2, 0], trace.Touches.Select(t => trace.Experts(t)[0]));
    }

    [Theory]
    [InlineData(Head + Rows + "0,1,1,1,0,2,1,0,0\n", 11)]
    [InlineData("# trace\n", 1)]
    [InlineData("# route_trace v1\n# model=m arch=x n_layer=0 n_expert=4 n_expert_used=2\n", 2)]
    [InlineData("# route_trace v1\n# model=m arch=x n_layer=2 n_expert=4 n_expert_used=5\n", 2)]
    [InlineData("# route_trace v1\n" + RouteTraceWriter.Columns + "\n", 2)]
    [InlineData("# route_trace v1\n0,0,0,0,0,1,1,0,0\n", 2)]
    [InlineData(Head + "0,0,0,0,0,4,1,0,0\n", 6)]
    [InlineData(Head + "0,0,0,2,0,1,1,0,0\n", 6)]
    [InlineData(Head + "0,0,0,0,1,1,1,0,0\n", 6)]
    [InlineData(Head + "0,0,0,0,0,1,nan,0,0\n", 6)]
    [InlineData(Head + "0,0,0,0,0,1,1,0\n", 6)]
    [InlineData(Head + "0,0,0,0,0,1,1,0,0\n0,0,0,0,1,1,1,0,0\n", 6)]
    [InlineData(Head, 0)]
    public void Read_OfABrokenTrace_NamesTheLine(string text, int line) =>
        Assert.Equal(line, Assert.Throws<RouteTraceException>(() => Read(text)).Line);

    [Fact]
    public void Read_OfATruncatedFile_IsATypedError()
    {
        using MemoryStream file = new();
        using (GZipStream zip = new(file, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(Encoding.ASCII.GetBytes(Head
                + string.Concat(Enumerable.Range(0, 500).Select(i => $"0,1,{i},0,0,{i * 7 % 4},0.{i},0,0\n"))));
        }

        using MemoryStream half = new(file.ToArray()[..(int)(file.Length / 2)]);
        // A reader that takes the half for the whole would give a shorter trace without a word.
        Exception? error = Record.Exception(() => RouteTraceReader.Read(half, "half"));
        Assert.IsType<RouteTraceException>(error);
    }

    private static RouteTrace Read(string text)
    {
        using MemoryStream stream = new(Encoding.ASCII.GetBytes(text));
        return RouteTraceReader.Read(stream, "text");
    }
}
