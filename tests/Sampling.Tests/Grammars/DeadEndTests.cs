using System.Text;
using LayerStream.Sampling.Grammars.States;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>From wherever a text under way stands, some text that is accepted can be reached: also for a writer who wants it
/// longest.</summary>
public sealed class DeadEndTests
{
    private const int LongestText = 2_500;

    // Bytes that the writer would rather have than others.
    private static readonly string[] s_wishes = ["0", "9", "0.", "-0.9", "[{", "{[\"", "\\u", "\"a,", " \n", "1,[", "5e"];

    public static TheoryData<string> Schemas =>
    [
        """{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1e-30}""",
        """{"type":"number","exclusiveMinimum":0}""",
        """{"type":"number","minimum":0.1,"maximum":0.30000000000000004}""",
        """{"type":"number","not":{"type":"integer"}}""",
        """{"type":"number","not":{"type":"integer"},"minimum":5,"maximum":6}""",
        """{"type":"number","not":{"multipleOf":0.1},"minimum":0,"maximum":1}""",
        """{"type":"number","multipleOf":0.25,"exclusiveMinimum":-3}""",
        """{"type":"integer","exclusiveMinimum":0,"multipleOf":100000000000000000000}""",
        """{"type":"integer","minimum":100000000000000000000000}""",
        """{"type":"integer","multipleOf":3,"not":{"multipleOf":2},"minimum":10}""",
        """{"type":["integer","null"],"minimum":99999999999999,"maximum":100000000000001}""",
        """
        {"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},
        "c":{"type":"array","items":{"$ref":"#/$defs/n"}}},"required":["v","c"],"additionalProperties":false}}}
        """,
        """
        {"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"l":{"$ref":"#/$defs/n"},"r":{"$ref":"#/$defs/n"}},
        "additionalProperties":false}}}
        """,
        """
        {"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":2,
        "maxItems":2}]}}}
        """,
        """{"$ref":"#/$defs/n","$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"prefixItems":[{"type":"array"}]}}}""",
        """{"type":"object","additionalProperties":{"type":"object","minProperties":1,"additionalProperties":{"$ref":"#"}}}""",
        """
        {"type":"object","minProperties":2,"maxProperties":3,"properties":{"a":{"type":"array","items":{"$ref":"#"}}},
        "patternProperties":{"^x":{"type":"boolean"}},"additionalProperties":false}
        """,
        """{}""",
        """{"type":"array","contains":{"type":"array","minItems":1},"minContains":2,"maxContains":3}""",
        """{"type":"string","pattern":"^(?=.*[A-Z])(?=.*[0-9])(?!.*(.)x)[^\"]{8,20}$"}""",
        """{"type":"string","format":"date-time"}""",
        """{"type":"string","format":"email","maxLength":12}""",
        """{"type":"string","format":"ipv6"}""",
        """{"type":"string","minLength":1500}""",
        """{"type":"array","uniqueItems":true,"items":{"enum":["a","ab","abc",1,10,100,null]},"minItems":5}""",
        """{"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^(a|b+)$"},"minItems":2,"maxItems":9}""",
        """{"type":"array","uniqueItems":true,"items":{"type":"integer","minimum":8,"maximum":12}}""",
        """{"type":"array","uniqueItems":true,"items":{"properties":{"id":{"enum":[1,2]}},"required":["id"],"type":"object"}}""",
        """{"type":"array","uniqueItems":true,"items":{"type":"array","uniqueItems":true,"items":{"type":"boolean"}}}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Write_WhateverIsWished_CanBeEnded(string schema)
    {
        foreach (string wish in s_wishes)
        {
            GrammarState state = GrammarTests.FromSchema(schema, checks: false).Start;
            StringBuilder text = new();
            Random random = new(1);
            while (text.Length < LongestText && (!state.IsAccepting || text.Length < 100))
            {
                GrammarState? next = null;
                byte[] order = [.. Encoding.ASCII.GetBytes(wish), .. Shuffled(random)];
                for (int i = 0; i < order.Length && next is null; i++)
                {
                    next = state.Next(order[i]);
                    text.Append(next is null ? "" : (char)order[i]);
                }

                Assert.True(next is not null || state.IsAccepting, $"'{text}' cannot go on, wishing {wish}");
                if (next is null)
                {
                    break;
                }

                state = next;
            }
        }
    }

    private static byte[] Shuffled(Random random)
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        random.Shuffle(all);
        return all;
    }

    [Theory]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":1}}}""", "nesting")]
    [InlineData("""{"type":"integer","multipleOf":2,"not":{"multipleOf":2}}""", "schema")]
    [InlineData("""{"type":"integer","multipleOf":6,"not":{"multipleOf":3}}""", "schema")]
    [InlineData("""{"const":"\ud800"}""", "schema")]
    [InlineData("""{"properties":{"\udc00":true}}""", "schema")]
    [InlineData("""{"enum":["a\\\ud83d\u0041"]}""", "schema")]
    public void Schema_NothingMeetsOrHalfOfAPair_IsRefusedByName(string schema, string feature) =>
        Assert.Equal(feature, Assert.Throws<GrammarException>(() => GrammarTests.FromSchema(schema, checks: false)).Feature);
}
