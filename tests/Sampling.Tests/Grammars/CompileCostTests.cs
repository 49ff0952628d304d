using System.Text;
using System.Text.Json;
using LayerStream.Sampling.Grammars;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>What a grammar costs to make grows with its source, not with the square of it.</summary>
public sealed class CompileCostTests(ITestOutputHelper output)
{
    private const int Small = 500;
    private const double MostGrowth = 6; // for four times the source

    public static TheoryData<string> Kinds =>
        ["members", "required", "choices of a text", "literals", "nested", "elements", "references", "formats", "a look", "rules"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Make_FourTimesTheSource_TakesAboutFourTimesTheMemory(string kind)
    {
        _ = Bytes(kind, Small);
        long small = Bytes(kind, Small), large = Bytes(kind, 4 * Small);
        output.WriteLine($"{kind}: {small} bytes for {Small}, {large} for {4 * Small}");
        Assert.InRange((double)large / small, 0, MostGrowth);
    }

    private static long Bytes(string kind, int size)
    {
        string source = Source(kind, size);
        long before = GC.GetAllocatedBytesForCurrentThread();
        if (kind == "rules")
        {
            Grammar.FromGbnf(source);
        }
        else
        {
            using JsonDocument schema = JsonDocument.Parse(source, new JsonDocumentOptions { MaxDepth = 256 });
            Grammar.FromSchema(schema.RootElement.Clone());
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Source(string kind, int size)
    {
        IEnumerable<int> all = Enumerable.Range(0, size);
        return kind switch
        {
            "members" => "{\"properties\":{" + Join(all, i => $"\"m{i}\":{{\"type\":\"integer\"}}") + "}}",
            "required" => "{\"type\":\"object\",\"required\":[" + Join(all, i => $"\"m{i}\"") + "]}",
            "choices of a text" => "{\"enum\":[" + Join(all, i => $"\"text {i}\"") + "]}",
            "literals" => "{\"enum\":[" + Join(all.Take(size / 4), i => $"[{i},null]") + "]}",
            "nested" => "{\"prefixItems\":["
                + Join(all, i => "{\"properties\":{\"a\":{\"items\":{\"maxLength\":" + i + "}}}}") + "]}",
            "elements" => "{\"prefixItems\":[" + Join(all, i => $"{{\"minimum\":{i}}}") + $"],\"minItems\":{size}}}",
            "references" => "{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + Join(all, i =>
                $"\"d{i}\":{{\"type\":\"object\",\"properties\":{{\"n\":{{\"$ref\":\"#/$defs/d{(i + 1) % size}\"}}}}}}") + "}}",
            "formats" => "{\"prefixItems\":[" + Join(all, i => $"{{\"format\":\"{(i % 2 == 0 ? "date-time" : "uuid")}\"}}") + "]}",
            "a look" => "{\"pattern\":\"^(?=aa)" + new string('a', 8 * size) + "\"}",
            _ => new StringBuilder("root ::= r0\n")
                .AppendJoin('\n', all.Select(i => $"r{i} ::= \"{i}\" r{(i + 1) % size} | [a-z{i % 9}]+")).ToString(),
        };
    }

    private static string Join(IEnumerable<int> numbers, Func<int, string> text) => string.Join(',', numbers.Select(text));
}
