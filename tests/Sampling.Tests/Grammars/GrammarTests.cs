using System.Text;
using System.Text.Json;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

public sealed class GrammarTests
{
    private const string ListGrammar = """
        # a list of numbers, in lines
        root  ::= "[" ws ( number (ws "," ws number)* )? ws "]"
        number ::= "-"? ("0" | [1-9] [0-9]{0,3}) ("." [0-9]+)?
          | "null"
        ws ::= [ \t\n]*
        """;

    private const string Nested = "root ::= pair\npair ::= \"(\" pair? \")\" pair?";

    [Theory]
    [InlineData("[1, 2.50 ,-0]", true)]
    [InlineData("[null]", true)]
    [InlineData("[]", true)]
    [InlineData("[01]", false)]
    [InlineData("[12345]", false)]
    [InlineData("[1,]", false)]
    public void Gbnf_Text_IsDecided(string text, bool accepts) => Assert.Equal(accepts, Accepts(Grammar.FromGbnf(ListGrammar), text));

    [Fact]
    public void Gbnf_DeepNesting_IsMatchedInLinearTime()
    {
        Grammar grammar = Grammar.FromGbnf(Nested);
        string deep = new string('(', 20_000) + new string(')', 20_000);

        Assert.True(Accepts(grammar, deep));
        Assert.False(Accepts(grammar, deep + ")"));
        Assert.True(grammar.Match(Encoding.UTF8.GetBytes(deep[..30_000])).IsPrefix);
    }

    [Theory]
    [InlineData("root ::= \"é\" [à-ü]{2} .", "éàü☃", true)]
    [InlineData("root ::= [^a-z\\n]+", "AB☃", true)]
    [InlineData("root ::= [^a-z\\n]+", "Ab", false)]
    [InlineData("root ::= \"\\u2603\\x41\"", "☃A", true)]
    [InlineData("root ::= (\"a\" | \"b\"){2,3}", "abab", false)]
    [InlineData("root ::= (\"a\" | \"b\"){2,3}", "aba", true)]
    [InlineData("root ::= \"a\"{,2} \"b\"{2,}", "abbb", true)]
    public void Gbnf_Construct_MatchesItsTexts(string grammar, string text, bool accepts) =>
        Assert.Equal(accepts, Accepts(Grammar.FromGbnf(grammar), text));

    [Theory]
    [InlineData("root ::= root \"a\" | \"a\"", "left recursion")]
    [InlineData("root ::= item", "rule")]
    [InlineData("item ::= \"a\"", "root")]
    [InlineData("root ::= \"a\"{99999}", "repetition")]
    [InlineData("root ::= (((\"a\"{999}){999}){999}){999}", "states")]
    [InlineData("root ::= \"a", "grammar")]
    [InlineData("root ::= \"a\" root", "grammar")]
    public void Gbnf_OutOfBounds_IsRefusedByName(string grammar, string feature) =>
        Assert.Equal(feature, Assert.Throws<GrammarException>(() => Grammar.FromGbnf(grammar)).Feature);

    [Fact]
    public void Gbnf_GroupsTooDeep_IsRefusedByName() => Assert.Equal(
        "nesting",
        Assert.Throws<GrammarException>(
            () => Grammar.FromGbnf("root ::= " + new string('(', 50_000) + "\"a\"" + new string(')', 50_000))).Feature);

    [Theory]
    [InlineData(@"[A-Z]{3}-\d+", "ABC-12", true)]
    [InlineData(@"^(a|b)*c$", "ababc", true)]
    [InlineData(@"^(a|b)*c$", "ababcc", false)]
    [InlineData(@"\u{1F600}|\x41\p{Lu}", "😀", true)]
    [InlineData(@"[^\W\d]+", "abc_", true)]
    [InlineData(@"(?<year>\d{4})-(?:0[1-9]|1[0-2])", "2026-11", true)]
    [InlineData(@"a{2,}b??", "aaab", true)]
    public void Regex_Text_IsDecided(string pattern, string text, bool accepts) =>
        Assert.Equal(accepts, Accepts(Grammar.FromRegex(pattern), text));

    [Theory]
    [InlineData(@"(?:(?=ab)a|b)*", "look-around")]
    [InlineData(@"(a)\1", "back references")]
    [InlineData(@"(?m)a$", "the flag (?m)")]
    [InlineData(@"a++", "possessive quantifiers")]
    [InlineData(@"(a", "pattern")]
    [InlineData(@"[z-a]", "pattern")]
    [InlineData(@"a{3,1}", "pattern")]
    [InlineData(@"x{999999}", "repetition")]
    [InlineData(@"\p{Script=Greek}", "\\p{Script=Greek}")]
    public void Regex_Unsupported_IsRefusedByName(string pattern, string feature) =>
        Assert.Equal(feature, Assert.Throws<GrammarException>(() => Grammar.FromRegex(pattern)).Feature);

    [Fact]
    public void Regex_ManyLooksAtALargeAutomaton_IsRefusedByName()
    {
        string pattern = string.Concat(Enumerable.Repeat("(?=.*a)", 100)) + "(a|b)*a(a|b){12}";
        Assert.Equal("pattern states", Assert.Throws<GrammarException>(() => Grammar.FromRegex(pattern)).Feature);
    }

    [Fact]
    public void Choices_Texts_AreTheOnlyOnes()
    {
        Grammar grammar = Grammar.FromChoices(["yes", "yes, but", "no"]);

        Assert.True(Accepts(grammar, "yes, but"));
        Assert.True(Accepts(grammar, "yes"));
        Assert.False(Accepts(grammar, "ye"));
        Assert.True(grammar.Match("ye"u8).IsPrefix);
        Assert.False(grammar.Match("na"u8).IsPrefix);
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"enum":[1,"a"]}}""", "[1, 2", false)]
    [InlineData("""{"type":"array","items":{"enum":[1,"a"]}}""", "[1, \"a", true)]
    [InlineData("""{"type":"integer","minimum":10,"maximum":20}""", "3", false)]
    [InlineData("""{"type":"integer","minimum":10,"maximum":20}""", "1", true)]
    [InlineData("""{"type":"number","not":{"type":"integer"},"multipleOf":0.25,"minimum":0,"maximum":9}""", "5.00", false)]
    [InlineData("""{"type":"number","not":{"type":"integer"},"multipleOf":0.25,"minimum":0,"maximum":9}""", "5.7", true)]
    [InlineData("""{"type":"integer","not":{"multipleOf":2},"minimum":10,"maximum":21}""", "10", false)]
    [InlineData("""{"type":"string","pattern":"^[aé]$"}""", "\"\\u00e", true)]
    [InlineData("""{"type":"string","pattern":"^[aé]$"}""", "\"\\u00f", false)]
    [InlineData("""{"type":"string","pattern":"^[aé]$"}""", "\"\\u006", false)]
    [InlineData("""{"type":"string","enum":["blue","a"]}""", "\"b\\", false)]
    [InlineData("""{"type":"string","enum":["blue","a\\b"]}""", "\"a\\", true)]
    [InlineData("""{"type":"string","const":"😀"}""", "\"\\ud83d\\ude0", true)]
    [InlineData("""{"type":"string","const":"😀"}""", "\"\\ud83d\\ude1", false)]
    [InlineData("""{"allOf":[{"pattern":"^a"},{"pattern":"b$"}],"type":"string","maxLength":2}""", "\"aa", false)]
    [InlineData("""{"properties":{"ab":true,"ac":true},"additionalProperties":false}""", "{\"ab\":1, \"a", true)]
    [InlineData("""{"properties":{"ab":true},"additionalProperties":false}""", "{\"ab\":1, ", false)]
    [InlineData("""{"required":["a","b"],"maxProperties":2,"type":"object"}""", "{\"c", false)]
    [InlineData("""{"type":"array","minItems":3,"maxItems":3,"contains":{"const":7}}""", "[1,2,3", false)]
    public void Schema_GenerationPrefix_SaysWhetherItCanEnd(string schema, string text, bool isPrefix)
    {
        Assert.Equal(isPrefix, FromSchema(schema, checks: false).Match(Encoding.UTF8.GetBytes(text)).IsPrefix);
    }

    [Theory]
    [InlineData("""{"items":{"enum":["a","b"]},"uniqueItems":true}""", "[\"a\",\"", true)]
    [InlineData("""{"items":{"enum":["a","b"]},"uniqueItems":true}""", "[\"a\",\"a", false)]
    [InlineData("""{"items":{"enum":["a","b"]},"uniqueItems":true}""", "[\"a\", \"b\",", false)]
    [InlineData("""{"items":{"enum":["a","b"]},"uniqueItems":true,"minItems":3,"type":"array"}""", "[", false)]
    [InlineData("""{"items":{"type":"integer"},"uniqueItems":true}""", "[1, 12, 1]", false)]
    [InlineData("""{"items":{"type":"integer"},"uniqueItems":true}""", "[1, 12, 1", true)]
    [InlineData("""{"items":{"type":"integer","minimum":1,"maximum":3},"uniqueItems":true}""", "[1, 1", false)]
    [InlineData("""{"items":{"items":{},"type":"array"},"uniqueItems":true}""", "[[1,2],[1 ,2]", false)]
    [InlineData("""{"items":{"type":"object"},"uniqueItems":true}""", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}", false)]
    [InlineData("""{"items":{"type":"object"},"uniqueItems":true}""", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":3}", true)]
    public void Schema_ElementsThatDiffer_AreTakenOnceEach(string schema, string text, bool isPrefix)
    {
        Assert.Equal(isPrefix, Starts(checks: false));
        Assert.Equal(isPrefix, Starts(checks: true));

        bool Starts(bool checks)
        {
            try
            {
                return FromSchema(schema, checks).Match(Encoding.UTF8.GetBytes(text)).IsPrefix;
            }
            catch (GrammarException e) when (e.Fault == GrammarFault.Empty)
            {
                return false;
            }
        }
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""", "$ref")]
    [InlineData("""{"$ref":"http://elsewhere.example/schema"}""", "$ref")]
    [InlineData("""{"unevaluatedProperties":false}""", "unevaluatedProperties")]
    [InlineData("""{"not":{"uniqueItems":true}}""", "uniqueItems")]
    [InlineData("""{"type":"array","uniqueItems":true,"minItems":2}""", "uniqueItems")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "schema")]
    [InlineData("""{"type":"strin"}""", "type")]
    [InlineData("""{"pattern":"^((?=ab).)*$"}""", "look-around")]
    [InlineData("""{"format":"idn-email"}""", "format")]
    [InlineData("""{"pattern":"^(a|b)*a(a|b){40}$"}""", "pattern states")]
    public void Schema_OutOfBounds_IsRefusedByName(string schema, string feature) =>
        Assert.Equal(feature, Assert.Throws<GrammarException>(() => FromSchema(schema, checks: true)).Feature);

    [Fact]
    public void Schema_PatternThatSpellsTheNameOfAFormat_IsAPattern()
    {
        Grammar grammar = FromSchema("""{"prefixItems":[{"format":"ipv4"},{"pattern":"\u0000ipv4"}]}""", checks: true);

        Assert.True(Accepts(grammar, """["1.2.3.4","a\u0000ipv4"]"""));
        Assert.False(Accepts(grammar, """["1.2.3.4","1.2.3.4"]"""));
    }

    [Fact]
    public void Schema_NestedReferences_AreFollowedWithoutRecursion()
    {
        StringBuilder schema = new("""{"$ref":"#/$defs/d0","$defs":{""");
        for (int i = 0; i < 5_000; i++)
        {
            schema.Append($$"""
                "d{{i}}":{"type":"object","properties":{"a":{"$ref":"#/$defs/d{{i + 1}}"} },"required":["a"] },
                """);
        }

        Grammar grammar = FromSchema(schema.Append("\"d5000\":true}}").ToString(), checks: true);

        Assert.True(grammar.Match("{\"a\":{\"a\":"u8).IsPrefix);
    }

    private static bool Accepts(Grammar grammar, string text) => grammar.Match(Encoding.UTF8.GetBytes(text)).Accepts;

    internal static Grammar FromSchema(string schema, bool checks)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return Grammar.FromSchema(document.RootElement.Clone(), checks);
    }
}
