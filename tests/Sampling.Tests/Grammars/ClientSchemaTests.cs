using System.Text;
using LayerStream.Sampling.Grammars;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>Schemas as the libraries of clients write them, with words that say nothing of values.</summary>
public sealed class ClientSchemaTests
{
    private const string Step = """
        {"type":"object","title":"Steps","description":"How","properties":{"steps":{"type":"array","items":{"$ref":"#/$defs/Step"},
        "title":"Steps"},"final":{"type":["string","null"],"default":null},"unit":{"anyOf":[{"enum":["C","F"],"type":"string"},
        {"type":"null"}],"default":null,"examples":["C"]}},"required":["steps","final","unit"],"additionalProperties":false,
        "$defs":{"Step":{"type":"object","properties":{"explanation":{"type":"string"},"output":{"type":"string"}},
        "required":["explanation","output"],"additionalProperties":false,"title":"Step"}}}
        """;

    private const string Shapes = """
        {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"shape":{"discriminator":{"mapping":
        {"circle":"#/$defs/Circle","square":"#/$defs/Square"},"propertyName":"kind"},"oneOf":[{"$ref":"#/$defs/Circle"},
        {"$ref":"#/$defs/Square"}]},"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true,"default":[]},
        "at":{"type":"string","format":"date-time"},"id":{"format":"uuid","type":"string"},"size":{"type":"string","format":"int64"},
        "pair":{"maxItems":2,"minItems":2,"prefixItems":[{"type":"integer"},{"type":"string"}],"type":"array"},
        "extra":{"additionalProperties":{"type":"number"},"type":"object"}},"required":["shape"],
        "$defs":{"Circle":{"properties":{"kind":{"const":"circle","default":"circle","title":"Kind","type":"string"},
        "radius":{"exclusiveMinimum":0,"type":"number"}},"required":["kind","radius"],"title":"Circle","type":"object"},
        "Square":{"properties":{"kind":{"const":"square","type":"string"},"side":{"type":"integer","multipleOf":5}},
        "required":["kind","side"],"type":"object"}}}
        """;

    private const string Tree = """
        {"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/node","definitions":{"node":{"type":"object",
        "properties":{"name":{"type":"string","minLength":1},"children":{"type":"array","items":{"$ref":"#/definitions/node"}},
        "state":{"type":"string","enum":["on","off"]},"note":{"not":{}},"size":{"type":"integer","minimum":-9007199254740991,
        "maximum":9007199254740991}},"required":["name","children"],"additionalProperties":false}}}
        """;

    [Theory]
    [InlineData(Step, """{"steps":[{"explanation":"a","output":"b"}],"final":null,"unit":"C"}""", true)]
    [InlineData(Step, """{"final":"x","unit":null,"steps":[]}""", true)]
    [InlineData(Step, """{"steps":[],"final":null}""", false)]
    [InlineData(Step, """{"steps":[],"final":null,"unit":"K"}""", false)]
    [InlineData(Shapes, """{"shape":{"kind":"circle","radius":0.5},"tags":["a","b"],"pair":[1,"x"],"extra":{"y":1.5}}""", true)]
    [InlineData(Shapes, """{"shape":{"kind":"square","side":15},"at":"2026-11-28T20:00:00Z","size":"big"}""", true)]
    [InlineData(Shapes, """{"shape":{"kind":"square","radius":1}}""", false)]
    [InlineData(Shapes, """{"shape":{"kind":"circle","radius":1},"tags":["a","a"]}""", false)]
    [InlineData(Shapes, """{"shape":{"kind":"circle","radius":1},"pair":[1]}""", false)]
    [InlineData(Tree, """{"name":"a","children":[{"name":"b","children":[],"size":-7}],"state":"on"}""", true)]
    [InlineData(Tree, """{"name":"","children":[]}""", false)]
    [InlineData(Tree, """{"name":"a","children":[],"note":1}""", false)]
    public void Schema_OfAClientsLibrary_TakesItsValues(string schema, string text, bool accepts)
    {
        Assert.Equal(accepts, GrammarTests.FromSchema(schema, checks: true).Match(Encoding.UTF8.GetBytes(text)).Accepts);
        Assert.Equal(accepts, GrammarTests.FromSchema(schema, checks: false).Match(Encoding.UTF8.GetBytes(text)).Accepts);
    }

    // The same constructs as in the examples that come with other servers, and more of them.
    [Theory]
    [InlineData("root ::= \"1. \" move \" \" move \"\\n\" ([1-9] [0-9]? \". \" move \" \" move \"\\n\")+\n"
        + "move ::= (pawn | \"O-O\" \"-O\"?) [+#]?\npawn ::= ([a-h] \"x\")? [a-h] [1-8] (\"=\" [NBKQR])?\n",
        "1. e4 e5\n2. O-O dxe1=Q+\n", true)]
    [InlineData("root  ::= (expr \"=\" ws term \"\\n\")+\r\nexpr  ::= term ([-+*/] term)*\r\nterm  ::= [a-z] [a-z0-9_]* ws"
        + " | \"(\" ws expr \")\" ws\r\nws ::= [ \\t\\n]*", "a+(b*c)= d\n", true)]
    [InlineData("# comment\nroot ::= string | # and another\n  \"x\"\nstring ::=\n  \"\\\"\" (\n    [^\"\\\\\\x7F\\x00-\\x1F] | # no \"\n"
        + "    \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4})\n  )* \"\\\"\"", "\"a\\u00e9\\n\"", true)]
    [InlineData("root ::= [ぁ-ゟァ-ヿ、-〾一-鿿]+ ([ \\t\\n] [\\U0001F600-\\U0001F64F])?", "ひらカタ漢字 😀", true)]
    [InlineData("root ::= item{2} (\",\" item){0,2} space\nspace ::= | \" \" | \"\\n\" [ \\t]{0,20}\nitem ::= [-0-9]", "1-,2\n  ", true)]
    [InlineData("root ::= .{2,} [^\\]a-f] [\\[]?", "éag[", true)]
    [InlineData("root ::= [!\"#$%&'()*+,-./:;<=>?@[\\\\\\]\\^_`{|}~]+", "[]-^/\\", true)]
    [InlineData("root ::= \"a\" | \"b\" root", "bb", false)]
    public void Gbnf_OfOtherServers_IsRead(string grammar, string text, bool accepts) =>
        Assert.Equal(accepts, Grammar.FromGbnf(grammar).Match(Encoding.UTF8.GetBytes(text)).Accepts);
}
