using System.Text;
using System.Text.Json;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session.Calls;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Tests.Session;

/// <summary>Calls of every form, held to a grammar: what models write is let through, and nothing whose arguments are not valid.</summary>
public sealed class CallGrammarTests
{
    private const string Schema = """
        {"type":"object","properties":{"city":{"type":"string","enum":["Köln","Bonn"]},"days":{"type":"integer","minimum":1}},
        "required":["city","days"],"additionalProperties":false}
        """;
    private const string Arguments = """{"city": "Köln", "days": 2}""";

    /// <summary>What templates contain, and one call.</summary>
    public static TheoryData<string, string> Families => new()
    {
        { "<tool_call>", "<tool_call>\n{\"name\": \"weather\", \"arguments\": " + Arguments + "}\n</tool_call>" },
        { "no form of its own", "<tool_call>\n{\"name\": \"weather\", \"arguments\": " + Arguments + "}\n</tool_call>" },
        { "[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]weather[ARGS]" + Arguments },
        { "[TOOL_CALLS]", "[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": " + Arguments + "}]" },
        { "<|channel|>", "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>" + Arguments },
        {
            "<|tool_calls_section_begin|>", "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
                + "<|tool_call_argument_begin|>" + Arguments + "<|tool_call_end|><|tool_calls_section_end|>"
        },
        {
            "<|open|><|close|><|end_of_msg|>", "<|open|>tools<|sep|><|open|>call tool=\"weather\" index=\"1\"<|sep|>"
                + "<|open|>argument key=\"city\" type=\"string\"<|sep|>Köln<|close|>argument<|sep|><|open|>argument key=\"days\" "
                + "type=\"number\"<|sep|>2<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>"
        },
        {
            "dsml_token DSML", "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"weather\">\n<｜DSML｜parameter name=\"city\" string=\"true\">Köln"
                + "</｜DSML｜parameter>\n<｜DSML｜parameter name=\"days\" string=\"false\">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n"
                + "</｜DSML｜tool_calls>"
        },
        {
            "<minimax:tool_call>", "<minimax:tool_call>\n<invoke name=\"weather\">\n<parameter name=\"city\">Köln</parameter>\n"
                + "<parameter name=\"days\">2</parameter>\n</invoke>\n</minimax:tool_call>"
        },
        {
            "<arg_key>", "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Köln</arg_value>\n<arg_key>days</arg_key>\n"
                + "<arg_value>2</arg_value>\n</tool_call>"
        },
        {
            "<tool_call> <function= <parameter=", "<tool_call>\n<function=weather>\n<parameter=city>\nKöln\n</parameter>\n"
                + "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>"
        },
        {
            "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>" + Arguments
                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
        },
        {
            "<｜tool▁calls▁begin｜> ```json", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n" + Arguments
                + "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
        },
        { "<|start_header_id|> ipython", "{\"name\": \"weather\", \"parameters\": " + Arguments + "}" },
        {
            "<|START_ACTION|>", "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"weather\", \"parameters\": " + Arguments
                + "}\n]<|END_ACTION|>"
        },
        { "<|tool_call|>", "<|tool_call|>[{\"name\": \"weather\", \"arguments\": " + Arguments + "}]" },
        { "'<|tool_call>call:'", "<|tool_call>call:weather{city:<|\"|>Köln<|\"|>,days:2}<tool_call|>" },
        {
            "]<]minimax[>[", "]<]minimax[>[<tool_call>]<]minimax[>[<invoke name=\"weather\">]<]minimax[>[<city>Köln]<]minimax[>[</city>"
                + "]<]minimax[>[<days>2]<]minimax[>[</days>]<]minimax[>[</invoke>]<]minimax[>[</tool_call>"
        },
        { "<|tool_call_start|>", "<|tool_call_start|>[weather(city=\"Köln\", days=2)]<|tool_call_end|>" },
        { ">>>all", "weather\n" + Arguments },
        { "<TOOLCALL>", "<TOOLCALL>[{\"name\": \"weather\", \"arguments\": " + Arguments + "}]</TOOLCALL>" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Demanded_CallOfAnyForm_IsAcceptedAndAnInvalidOneIsNot(string template, string call)
    {
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting(template);
        Grammar grammar = CallGrammar.Build(format, texts, offered, new CallRules([Tool()], true, true, null));
        Assert.True(Accepts(grammar, texts, call));
        Assert.Equal("weather" + Arguments, Parsed(format, offered, call));
        Assert.False(Begins(grammar, texts, "Hello"));
        Assert.False(Begins(grammar, texts, call.Replace("Köln", "Rome", StringComparison.Ordinal)));
        Assert.False(Begins(grammar, texts, call.Replace("2", "zwei", StringComparison.Ordinal)));
        Assert.False(Begins(grammar, texts, call.Replace("weather", "whether", StringComparison.Ordinal)));
        Assert.NotNull(grammar.After(texts.WithMarks(format.BeginCall(null)!)));
        Assert.NotNull(grammar.After(texts.WithMarks(format.BeginCall("weather")!)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Strict_TextOrCallOfAnyForm_IsFreeUpToTheCall(string template, string call)
    {
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting(template);
        Grammar grammar = CallGrammar.Build(format, texts, offered, new CallRules([Tool()], false, true, null));
        string open = format.CallForm!.TextOpen ?? "", text = format.IsBareJson ? "" : $"{open}Let me see <b>.\n\n";
        Assert.True(Accepts(grammar, texts, open + "No call, {only} text."));
        Assert.True(Accepts(grammar, texts, open));
        Assert.True(Accepts(grammar, texts, call));
        text += open.Length > 0 ? format.CallForm.Between : "";
        Assert.True(Accepts(grammar, texts, text + call));
        Assert.False(Begins(grammar, texts, text + call.Replace("Köln", "Rome", StringComparison.Ordinal)));
        Assert.False(Begins(grammar, texts, text + call.Replace("weather", "whether", StringComparison.Ordinal)));
        Assert.False(Begins(grammar, texts, text + call + "And more."));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Several_CallsOfAnyForm_AreAcceptedUnlessOneIsAskedFor(string template, string call)
    {
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting(template);
        CallForm form = format.CallForm!;
        if (form.Between is not { } between)
        {
            return; // a family of one call
        }

        string inner = call[form.Opening.Length..^form.Closing.Length];
        string two = form.Opening + inner + between + inner + form.Closing;
        Assert.True(Accepts(CallGrammar.Build(format, texts, offered, new CallRules([Tool()], true, true, null)), texts, two));
        Assert.Equal("weather" + Arguments + "weather" + Arguments, Parsed(format, offered, two));
        Assert.False(Accepts(CallGrammar.Build(format, texts, offered, new CallRules([Tool()], true, false, null)), texts, two));
    }

    [Fact]
    public void Otherwise_AnswerWithASchema_IsEitherThatOrACall()
    {
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting("<tool_call>");
        Grammar other = Grammar.FromChoices(["yes", "no"]);
        Grammar grammar = CallGrammar.Build(format, texts, offered, new CallRules([Tool()], false, true, other));
        Assert.True(Accepts(grammar, texts, "yes"));
        Assert.True(Accepts(grammar, texts, "<tool_call>\n{\"name\": \"weather\", \"arguments\": " + Arguments + "}\n</tool_call>"));
        Assert.False(Begins(grammar, texts, "maybe"));
    }

    [Fact]
    public void Loose_SchemaThatIsNotSupported_IsNamedUnlessStrict()
    {
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting("<tool_call>");
        JsonElement schema = JsonSerializer.Deserialize<JsonElement>("""{"$ref":"https://example.org/schema"}""");
        CallRules rules = new([new CallableTool("weather", schema, false)], true, true, null);
        Grammar grammar = CallGrammar.Build(format, texts, offered, rules);
        Assert.Equal(["weather"], rules.Loose);
        Assert.True(Accepts(grammar, texts, "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"a\": 1}}\n</tool_call>"));
        Assert.Throws<GrammarException>(() => CallGrammar.Build(format, texts, offered,
            new CallRules([new CallableTool("weather", schema, true)], false, true, null)));
    }

    [Fact]
    public void Tags_OptionalParameters_MayBeLeftOutAndKeepTheirTypes()
    {
        const string schema = """
            {"type":"object","properties":{"a":{"type":"string"},"b":{"$ref":"#/$defs/n"},"c":{"type":["string","null"]}},"required":["b"],
            "$defs":{"n":{"type":"array","items":{"type":"boolean"}}}}
            """;
        (AnswerFormat format, TokenTexts texts, OfferedTools offered) = Setting("<minimax:tool_call>", schema);
        Grammar grammar = CallGrammar.Build(format, texts, offered, new CallRules([Tool(schema)], true, true, null));
        Assert.True(Accepts(grammar, texts, Call("<parameter name=\"b\">[true, false]</parameter>\n")));
        Assert.True(Accepts(grammar, texts, Call("<parameter name=\"a\">x < y</p</parameter>\n<parameter name=\"b\">[]</parameter>\n"
            + "<parameter name=\"c\">null</parameter>\n")));
        Assert.False(Begins(grammar, texts, Call("")));
        Assert.False(Begins(grammar, texts, Call("<parameter name=\"b\">[1]</parameter>\n")));

        static string Call(string parameters) =>
            $"<minimax:tool_call>\n<invoke name=\"weather\">\n{parameters}</invoke>\n</minimax:tool_call>";
    }

    // A vocabulary of single bytes, and a control token for every mark of the form.
    internal static (AnswerFormat Format, TokenTexts Texts, OfferedTools Offered) Setting(string template, string schema = Schema)
    {
        AnswerFormat format = AnswerFormat.For(template);
        byte[][] marks = [.. format.Marks.Where(m => m.Length > 1).Distinct().Select(Encoding.UTF8.GetBytes)];
        TokenTexts texts = new(256 + marks.Length, id => id < 256 ? [(byte)id] : marks[id - 256], id => id < 256, new HashSet<int>(),
            Enumerable.Range(256, marks.Length).ToHashSet());
        OfferedTools offered = new();
        offered.Add("weather", JsonSerializer.Deserialize<JsonElement>(schema));
        return (format, texts, offered);
    }

    internal static CallableTool Tool(string schema = Schema) => new("weather", JsonSerializer.Deserialize<JsonElement>(schema), true);

    private static bool Accepts(Grammar grammar, TokenTexts texts, string text) => grammar.Match(texts.WithMarks(text)).Accepts;

    private static bool Begins(Grammar grammar, TokenTexts texts, string text) => grammar.Match(texts.WithMarks(text)).IsPrefix;

    private static string Parsed(AnswerFormat format, OfferedTools offered, string text)
    {
        StringBuilder found = new();
        AnswerParser parser = AnswerParser.Create(format, offered, false, e => found.Append(e.Part switch
        {
            AnswerPart.CallStart or AnswerPart.CallArguments => e.Text,
            AnswerPart.CallEnd => "",
            _ => "!" + e.Text,
        }));
        parser.Append(text);
        parser.Finish();
        return found.ToString();
    }
}
