using LayerStream.Templates.Answers;

namespace LayerStream.Templates.Tests.Answers;

/// <summary>What models of every family write, and what it means.</summary>
internal static class FamilyCases
{
    private const string Weather = """{"city": "Köln", "days": 2}""";

    /// <param name="Family">Name of the format.</param>
    /// <param name="Template">What the template contains.</param>
    /// <param name="Answer">What the model wrote.</param>
    /// <param name="Reasoning">The thought.</param>
    /// <param name="Text">The text.</param>
    /// <param name="Calls">Names and arguments.</param>
    internal sealed record Case(string Family, string Template, string Answer, string Reasoning, string Text,
        params (string Name, string Arguments)[] Calls)
    {
        public AnswerFormat Format => AnswerFormat.For(Template);
    }

    public static readonly Case[] All =
    [
        new("hermes", "<tool_call>", "<think>\nhm\n</think>\n\nLet me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": "
            + Weather
            + "}\n</tool_call>\n<tool_call>\n{\"arguments\": {}, \"name\": \"ping\"}\n</tool_call>", "hm", "Let me see.",
            ("get_weather", Weather), ("ping", "{}")),
        new("hermes", "<tool_call>", "<tool_call>{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"A\\\"}\"}", "", "",
            ("get_weather", "{\"city\":\"A\"}")),
        new("mistral-args", "[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]" + Weather + "[TOOL_CALLS]ping[ARGS]{}",
            "", "", ("get_weather", Weather), ("ping", "{}")),
        new("mistral-args", "[TOOL_CALLS] [ARGS] [THINK]", "[THINK]hm[/THINK]Sure.", "hm", "Sure."),
        new("mistral-json", "[TOOL_CALLS]", "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": " + Weather
            + ", \"id\": \"abcdefghi\"}, {\"name\": \"ping\", \"arguments\": {}, \"id\": \"123456789\"}]", "", "",
            ("get_weather", Weather), ("ping", "{}")),
        new("harmony", "<|channel|>",
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather "
            + "<|constrain|>json<|message|>" + Weather + "<|call|>", "hm", "", ("get_weather", Weather)),
        new("harmony", "<|channel|>", " to=functions.ping<|channel|>analysis<|message|>{}<|call|>", "", "", ("ping", "{}")),
        new("harmony", "<|channel|>", "<|channel|>commentary<|message|>First.<|end|><|start|>assistant<|channel|>final<|message|> Then.",
            "", "First. Then."),
        new("kimi-k2", "<|tool_calls_section_begin|>", "I look.<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:3"
            + "<|tool_call_argument_begin|>" + Weather
            + "<|tool_call_end|><|tool_call_begin|>functions.ping:4<|tool_call_argument_begin|>{}"
            + "<|tool_call_end|><|tool_calls_section_end|>", "", "I look.", ("get_weather", Weather), ("ping", "{}")),
        new("kimi-k3", "<|open|><|close|><|end_of_msg|>", "<|open|>think<|sep|>hm<|close|>think<|sep|><|open|>response<|sep|>So.<|close|>"
            + "response<|sep|><|open|>tools<|sep|><|open|>call tool=\"get_weather\" index=\"1\"<|sep|><|open|>argument key=\"city\" "
            + "type=\"string\"<|sep|>Köln<|close|>argument<|sep|><|open|>argument key=\"days\" type=\"number\"<|sep|>2<|close|>argument"
            + "<|sep|><|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>", "hm", "So.", ("get_weather", Weather)),
        new("deepseek-dsml", "dsml_token DSML", "So.\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"get_weather\">\n<｜DSML｜parameter "
            + "name=\"city\" string=\"true\">Köln</｜DSML｜parameter>\n<｜DSML｜parameter name=\"days\" string=\"false\">2</｜DSML｜parameter>\n"
            + "</｜DSML｜invoke>\n</｜DSML｜tool_calls>", "", "So.", ("get_weather", Weather)),
        new("gemma-4", "'<|tool_call>call:'",
            "<|channel>thought\nhm\n<channel|><|tool_call>call:get_weather{city:<|\"|>K, \"ö{ln<|\"|>,days:2,"
            + "dry:true,wanted:[1,<|\"|>x<|\"|>,{a:null}]}<tool_call|>", "hm", "",
            ("get_weather", "{\"city\":\"K, \\\"ö{ln\",\"days\":2,\"dry\":true,\"wanted\":[1,\"x\",{\"a\":null}]}")),
        new("minimax-m3", "]<]minimax[>[", "<mm:think>hm</mm:think>]<]minimax[>[<tool_call>]<]minimax[>[<invoke name=\"get_weather\">"
            + "]<]minimax[>[<city>Köln]<]minimax[>[</city>]<]minimax[>[<more>]<]minimax[>[<a>1]<]minimax[>[</a>]<]minimax[>[<b>"
            + "]<]minimax[>[<item>x]<]minimax[>[</item>]<]minimax[>[</b>]<]minimax[>[</more>]<]minimax[>[</invoke>]<]minimax[>[</tool_"
            + "call>",
            "hm", "", ("get_weather", "{\"city\":\"Köln\",\"more\":{\"a\":1,\"b\":[\"x\"]}}")),
        new("minimax-m2", "<minimax:tool_call>",
            "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"zip\">0123</parameter>\n"
            + "<parameter name=\"days\">2</parameter>\n</invoke>\n<invoke name=\"ping\">\n</invoke>\n</minimax:tool_call>", "", "",
            ("get_weather", "{\"zip\":\"0123\",\"days\":2}"), ("ping", "{}")),
        new("glm", "<arg_key>", "\n<think>hm</think>\nSo.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Köln</arg_value>\n"
            + "<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>\n<tool_call>ping</tool_call>", "hm", "So.",
            ("get_weather", Weather), ("ping", "{}")),
        new("glm", "<arg_key>", "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Köln</arg_value><arg_key>days</arg_key>"
            + "<arg_value>2</arg_value></tool_call>", "", "", ("get_weather", Weather)),
        new("function-tags", "<tool_call><function=<parameter=",
            "So.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\n\nKöln\nOst\n"
            + "</parameter>\n<parameter=dry>\nTrue\n</parameter>\n<parameter=note>\nnull\n</parameter>\n</function>\n</tool_call>", "",
            "So.",
            ("get_weather", "{\"city\":\"\\nKöln\\nOst\",\"dry\":true,\"note\":null}")),
        new("function-tags", "<tool_call><function=<parameter=", "<function=ping>\n</function>\n</tool_call>", "", "", ("ping", "{}")),
        new("function-tags", "<seed:tool_call><function=<parameter=", "<seed:think>hm</seed:think><seed:tool_call><function=get_weather>"
            + "<parameter=more>{'a': [1, None], \"b\": 'it\\'s'}</parameter></function></seed:tool_call>", "hm", "",
            ("get_weather", "{\"more\":{\"a\":[1,null],\"b\":\"it's\"}}")),
        new("deepseek", "<｜tool▁calls▁begin｜>", "So.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>" + Weather
            + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>ping<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "", "So.",
            ("get_weather", Weather), ("ping", "{}")),
        new("deepseek", "<｜tool▁calls▁begin｜>```json", "<think>hm</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>"
            + "get_weather\n```json\n" + Weather + "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "hm", "", ("get_weather", Weather)),
        new("tool-calls-list", "<tool_calls> <tool_call>",
            "<tool_calls>[{\"name\": \"ping\", \"arguments\": {}}, {\"name\": \"get_weather\", "
            + "\"arguments\": " + Weather + "}]</tool_calls>", "", "", ("ping", "{}"), ("get_weather", Weather)),
        new("tool-calls-list", "<tool_calls>", "<tool_calls>\n{\"name\": \"ping\", \"arguments\": {}}\n{\"name\": \"get_weather\", "
            + "\"arguments\": " + Weather + "}\n</tool_calls>", "", "", ("ping", "{}"), ("get_weather", Weather)),
        new("functionary-3.1", "<function=<|start_header_id|>", "<function=get_weather>" + Weather + "</function>", "", "",
            ("get_weather", Weather)),
        new("functionary-3.2", ">>>all", "all\nSo.\n>>>get_weather\n" + Weather, "", "So.", ("get_weather", Weather)),
        new("nemotron-v2", "<TOOLCALL>", "<TOOLCALL>[{\"name\": \"ping\", \"arguments\": {}}]</TOOLCALL>", "", "", ("ping", "{}")),
        new("command-r", "<|START_ACTION|>", "<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", "
            + "\"tool_name\": \"get_weather\", \"parameters\": " + Weather + "}\n]<|END_ACTION|>", "hm", "", ("get_weather", Weather)),
        new("command-r", "<|START_ACTION|>", "<|START_RESPONSE|>So.<|END_RESPONSE|>", "", "So."),
        new("lfm2", "<|tool_call_start|>", "<|tool_call_start|>[get_weather(city=\"Köln\", days=2), ping()]<|tool_call_end|>So.", "", "So.",
            ("get_weather", Weather), ("ping", "{}")),
        new("granite-3", "<|tool_call|>", "<think>hm</think><response>So.</response>", "hm", "So."),
        new("granite-3", "<|tool_call|>", "<|tool_call|>[{\"name\": \"ping\", \"arguments\": {}}]", "", "", ("ping", "{}")),
        new("llama-3", "<|start_header_id|>ipython", "{\"name\": \"get_weather\", \"parameters\": " + Weather + "}", "", "",
            ("get_weather", Weather)),
        new("llama-3", "<|start_header_id|>ipython", "<|python_tag|>{\"name\": \"ping\", \"parameters\": {}}", "", "", ("ping", "{}")),
        new("llama-3", "<|start_header_id|>ipython", "<|python_tag|>get_weather.call(city=\"Köln\", days=2)", "", "",
            ("get_weather", Weather)),
        new("hermes", "", "  Plain text {\"a\": 1} with <b>tags</b>\n\n and an end \n", "",
            "  Plain text {\"a\": 1} with <b>tags</b>\n\n and an end \n"),
    ];
}
