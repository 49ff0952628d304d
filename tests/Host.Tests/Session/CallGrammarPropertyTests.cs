using System.Text;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Tests.Grammars;
using LayerStream.Session.Calls;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Tests.Session;

/// <summary>What a grammar of calls lets through, the parser of the family reads as calls whose arguments another validator
/// accepts.</summary>
public sealed class CallGrammarPropertyTests
{
    private const int Draws = 8;
    private const int LongBytes = 160; // from there on a text goes to its end

    private static readonly string[] s_schemas =
    [
        """
        {"type":"object","properties":{"city":{"type":"string","minLength":2,"maxLength":5},
        "code":{"type":"string","pattern":"^[a-c]{2}<?$"},
        "days":{"type":"integer","minimum":-3,"maximum":40},"dry":{"type":"boolean"}},"required":["city","code","days"],
        "additionalProperties":false}
        """,
        """
        {"type":"object","properties":{"note":{"type":["string","null"],"maxLength":6},"size":{"enum":["s","m",3,null]},
        "when":{"type":"string","format":"date"},"rate":{"type":"number","minimum":0,"maximum":1}},"required":["note","size"],
        "additionalProperties":false}
        """,
        """
        {"type":"object","properties":{"at":{"type":"object","properties":{"zip":{"type":"string","pattern":"^[0-9]{3}$"},
        "tags":{"type":"array","items":{"type":"string","maxLength":3},"maxItems":2},"n":{"$ref":"#/$defs/n"}},"required":["zip","tags"],
        "additionalProperties":false},"list":{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":3}},"required":["at"],
        "additionalProperties":false,"$defs":{"n":{"type":"integer","minimum":1,"maximum":12}}}
        """,
    ];

    private static readonly byte[] s_wanted = Encoding.UTF8.GetBytes("abcé\"\\<>{}[]():='\n 0123-.x|/_t,");
    private static readonly byte[] s_endings = [0xFF, .. "<\"}])'\ns>,"u8];

    public static TheoryData<string, int> Cases
    {
        get
        {
            TheoryData<string, int> data = [];
            foreach (ITheoryDataRow row in CallGrammarTests.Families)
            {
                for (int schema = 0; schema < s_schemas.Length; schema++)
                {
                    data.Add((string)row.GetData()[0]!, schema);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Draw_CallsOfAnyForm_AreReadAsValidOnes(string template, int number)
    {
        string schema = s_schemas[number];
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = CallGrammarTests.Setting(template, schema);
        ReferenceValidator reference = new(schema);
        for (int seed = 0; seed < Draws; seed++)
        {
            CallRules rules = new([CallGrammarTests.Tool(schema)], true, true, null);
            Random random = new((number * 100) + seed);
            string text = Draw(CallGrammar.Build(format, texts, offered, rules), random);
            Assert.Empty(rules.Loose);
            foreach (string arguments in Read(format, offered, text, random))
            {
                Assert.True(reference.Accepts(arguments), $"{text}\n→ {arguments}");
            }
        }
    }

    private static string Draw(Grammar grammar, Random random)
    {
        GrammarState state = grammar.Start;
        List<byte> text = [];
        while (!state.IsAccepting || (text.Count < LongBytes && random.Next(3) > 0))
        {
            byte[] wanted = (byte[])s_wanted.Clone(), all = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
            byte[] endings = (byte[])s_endings.Clone();
            random.Shuffle(wanted);
            random.Shuffle(endings);
            random.Shuffle(all);
            byte[] order = text.Count > LongBytes ? [.. endings, .. wanted, .. all] : [.. wanted, .. all];
            if (!Array.Exists(order, b => Go(b)))
            {
                Assert.True(state.IsAccepting, $"'{Encoding.UTF8.GetString([.. text])}' cannot go on");
                break;
            }

            Assert.InRange(text.Count, 0, 20 * LongBytes);
        }

        return Encoding.UTF8.GetString([.. text.Where(b => b != 0xFF)]);

        bool Go(byte value)
        {
            if (state.Next(value) is not { } next)
            {
                return false;
            }

            state = next;
            text.Add(value);
            return true;
        }
    }

    // Arguments of the calls of a text that comes in pieces; nothing else may be in it.
    private static List<string> Read(AnswerFormat format, OfferedTools offered, string text, Random random)
    {
        List<StringBuilder> calls = [];
        AnswerParser parser = AnswerParser.Create(format, offered, false, e =>
        {
            switch (e.Part)
            {
                case AnswerPart.CallStart:
                    calls.Add(new StringBuilder());
                    break;
                case AnswerPart.CallArguments:
                    calls[^1].Append(e.Text);
                    break;
                default:
                    Assert.True(e.Part == AnswerPart.CallEnd || string.IsNullOrWhiteSpace(e.Text), $"{text}\n→ {e}");
                    break;
            }
        });
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = Math.Min(text.Length - at, random.Next(1, 20));
            parser.Append(text.Substring(at, length));
        }

        parser.Finish();
        Assert.NotEmpty(calls);
        return calls.ConvertAll(c => c.ToString());
    }
}
