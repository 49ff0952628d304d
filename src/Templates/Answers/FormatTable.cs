namespace LayerStream.Templates.Answers;

/// <summary>Families by what their chat templates contain; the first row that fits counts.</summary>
internal static class FormatTable
{
    private const string Dsml = "｜DSML｜";
    private const string Sep = "<｜tool▁sep｜>";
    private static readonly ThoughtMarks s_gemma = new("<|channel>thought\n", "<channel|>");
    private static readonly ThoughtMarks s_minimax = new("<mm:think>", "</mm:think>");
    private static readonly ThoughtMarks s_seed = new("<seed:think>", "</seed:think>");
    private static readonly ThoughtMarks s_command = new("<|START_THINKING|>", "<|END_THINKING|>");
    private static readonly ThoughtMarks[] s_thoughts = [new("[THINK]", "[/THINK]"), s_minimax, s_seed, s_command, s_gemma];
    private static readonly AnswerFormat s_hermes = Json("hermes", "<tool_call>", "</tool_call>");

    /// <summary>The rows: marks that must all be there, and the format.</summary>
    private static readonly (string[] Marks, AnswerFormat Format)[] s_rows =
    [
        (["[TOOL_CALLS]", "[ARGS]"], new AnswerFormat("mistral-args")
        {
            Calls = [("[TOOL_CALLS]", s => new NamedJsonReader(s, new NamedJsonForm(["[ARGS]"], null) { IdMark = "[CALL_ID]" }))],
            InnerMarks = ["[ARGS]", "[CALL_ID]"],
            CallForm = CallForms.MistralArguments,
            IdLength = 9,
        }),
        (["[TOOL_CALLS]"], new AnswerFormat("mistral-json")
        {
            Calls = [("[TOOL_CALLS]", s => new JsonCallReader(s, null, idComesLast: true))],
            CallForm = CallForms.MistralList,
            IdLength = 9,
        }),
        (["<|channel|>"], new AnswerFormat("harmony")
        {
            IsHarmony = true,
            CallForm = CallForms.Harmony,
            InnerMarks = ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|call|>", "<|return|>"],
            Thought = new("<|channel|>analysis<|message|>", "<|end|>")
            {
                AnswerOpen = CallForms.Harmony.AnswerSign,
                PromptEnd = "<|start|>assistant",
            },
        }),
        (["<|tool_calls_section_begin|>"], new AnswerFormat("kimi-k2")
        {
            CallForm = CallForms.KimiK2,
            SectionOpens = ["<|tool_calls_section_begin|>"],
            SectionCloses = ["<|tool_calls_section_end|>"],
            Calls = [("<|tool_call_begin|>", s => new NamedJsonReader(s,
                new NamedJsonForm(["<|tool_call_argument_begin|>"], "<|tool_call_end|>") { NameIsId = true }))],
            InnerMarks = ["<|tool_call_argument_begin|>", "<|tool_call_end|>"],
        }),
        (["<|open|>", "<|close|>", "<|end_of_msg|>"], Kimi3()),
        (["dsml_token", "DSML", "function_calls"], Markup("function_calls")),
        (["dsml_token", "DSML"], Markup("tool_calls")),
        (["'<|tool_call>call:'"], new AnswerFormat("gemma-4")
        {
            Thought = s_gemma,
            Dropped = ["<channel|>"],
            Calls = [("<|tool_call>call:", s => new BodyReader(s, "<tool_call|>", true, GemmaCall.Read))],
            InnerMarks = ["<tool_call|>", "<|\"|>"],
            CallForm = CallForms.Gemma,
        }),
        (["]<]minimax[>["], new AnswerFormat("minimax-m3")
        {
            Thought = s_minimax,
            SectionOpens = [NestedTagsCall.Mark + "<tool_call>"],
            SectionCloses = [NestedTagsCall.Mark + "</tool_call>"],
            Calls = [(NestedTagsCall.Mark + "<invoke name=\"", s => new BodyReader(s, NestedTagsCall.Mark + "</invoke>", false,
                NestedTagsCall.Read))],
            InnerMarks = [NestedTagsCall.Mark],
            CallForm = CallForms.MiniMaxTags,
        }),
        (["<minimax:tool_call>"], new AnswerFormat("minimax-m2")
        {
            SectionOpens = ["<minimax:tool_call>"],
            SectionCloses = ["</minimax:tool_call>"],
            Calls = [("<invoke name=\"", s => new TaggedReader(s,
                new TaggedForm(">", "<parameter name=\"", ">", "</parameter>", "</invoke>") { Cut = "\"" }))],
            CallForm = CallForms.MiniMax,
        }),
        (["<arg_key>"], new AnswerFormat("glm")
        {
            Calls = [("<tool_call>", s => new TaggedReader(s,
                new TaggedForm("\n", "<arg_key>", "<arg_value>", "</arg_value>", "</tool_call>")
                {
                    Cut = "</arg_key>", NameMayBeFollowed = true,
                }))],
            CallForm = CallForms.Glm,
            InnerMarks = ["<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "</tool_call>"],
        }),
        (["<seed:tool_call>", "<function=", "<parameter="], FunctionTags("<seed:tool_call>", "</seed:tool_call>", "") with
        {
            Thought = s_seed,
        }),
        (["<tool_call>", "<function=", "<parameter="], FunctionTags("<tool_call>", "</tool_call>", "\n")),
        (["<｜tool▁calls▁begin｜>", "```json"], DeepSeek(new NamedJsonForm(["\n```json\n"], "```<｜tool▁call▁end｜>"),
            "<｜tool▁call▁begin｜>function" + Sep, "\n```<｜tool▁call▁end｜>")),
        (["<｜tool▁calls▁begin｜>"], DeepSeek(new NamedJsonForm([Sep], "<｜tool▁call▁end｜>"), "<｜tool▁call▁begin｜>",
            "<｜tool▁call▁end｜>")),
        (["<tool_calls>"], List("tool-calls-list", "<tool_calls>", "</tool_calls>")),
        (["<function=", "<|start_header_id|>"], new AnswerFormat("functionary-3.1")
        {
            Calls = [("<function=", s => new NamedJsonReader(s, new NamedJsonForm([">"], "</function>")))],
            CallForm = CallForms.Functionary,
        }),
        ([">>>all"], new AnswerFormat("functionary-3.2")
        {
            Calls = [(">>>", s => new NamedJsonReader(s, new NamedJsonForm(["\n"], null) { PlainName = "all" }))],
            OpensWith = ">>>",
            CallForm = CallForms.FunctionaryRecipients,
        }),
        (["<TOOLCALL>"], List("nemotron-v2", "<TOOLCALL>", "</TOOLCALL>")),
        (["<|START_ACTION|>"], Json("command-r", "<|START_ACTION|>", "<|END_ACTION|>") with
        {
            CallForm = CallForms.CommandR,
            Thought = s_command,
            Dropped = ["<|START_RESPONSE|>", "<|END_RESPONSE|>"],
        }),
        (["<|tool_call_start|>"], new AnswerFormat("lfm2")
        {
            Calls = [("<|tool_call_start|>", s => new BodyReader(s, "<|tool_call_end|>", true,
                (body, _) => PythonText.TryReadCalls(body)))],
            InnerMarks = ["<|tool_call_end|>"],
            CallForm = CallForms.PythonList,
        }),
        (["<tool_call>"], s_hermes),
        (["<|tool_call|>"], new AnswerFormat("granite-3")
        {
            Calls = [("<|tool_call|>", s => new JsonCallReader(s, null)), ("<tool_call>", s => new JsonCallReader(s, null))],
            Dropped = ["<response>", "</response>"],
            CallForm = CallForms.List("<|tool_call|>", ""),
        }),
        (["<|start_header_id|>", "ipython"], new AnswerFormat("llama-3")
        {
            BareJson = true,
            CallForm = CallForms.Llama,
            Calls = [("<|python_tag|>", s => new PythonTagReader(s))],
        }),
    ];

    /// <summary>Every format, as a template without marks of thoughts has it.</summary>
    public static IReadOnlyList<AnswerFormat> All { get; } = [.. s_rows.Select(row => row.Format), s_hermes with { HasOwnCalls = false }];

    /// <summary>The format of a template.</summary>
    public static AnswerFormat Find(string template)
    {
        foreach ((string[] marks, AnswerFormat format) in s_rows)
        {
            if (Array.TrueForAll(marks, m => template.Contains(m, StringComparison.Ordinal)))
            {
                return WithThought(format, template);
            }
        }

        return WithThought(s_hermes with { HasOwnCalls = false }, template);
    }

    /// <summary>Marks that a template writes without the calls of their family.</summary>
    private static AnswerFormat WithThought(AnswerFormat format, string template) =>
        format.Thought == ThoughtMarks.Usual
            && Array.Find(s_thoughts, t => template.Contains(t.Open, StringComparison.Ordinal)) is { } thought
            ? format with { Thought = thought } : format;

    private static AnswerFormat Json(string name, string open, string close) => new(name)
    {
        Calls = [(open, s => new JsonCallReader(s, close))],
        InnerMarks = [close],
        CallForm = CallForms.Objects(open, close),
    };

    private static AnswerFormat List(string name, string open, string close) =>
        Json(name, open, close) with { CallForm = CallForms.List(open, close) };

    private static AnswerFormat FunctionTags(string open, string close, string line) => new("function-tags")
    {
        SectionOpens = [open],
        SectionCloses = [close],
        Calls = [("<function=", s => new TaggedReader(s, new TaggedForm(">", "<parameter=", ">", "</parameter>", "</function>")
        {
            StripsLineBreaks = true,
        }))],
        CallForm = CallForms.FunctionTags(open, close, line),
    };

    private static AnswerFormat Markup(string section) => new("deepseek-dsml")
    {
        CallForm = CallForms.Markup(section),
        SectionOpens = [$"<{Dsml}tool_calls>", $"<{Dsml}function_calls>"],
        SectionCloses = [$"</{Dsml}tool_calls>", $"</{Dsml}function_calls>"],
        Calls = [($"<{Dsml}invoke name=\"", s => new TaggedReader(s,
            new TaggedForm(">", $"<{Dsml}parameter name=\"", ">", $"</{Dsml}parameter>", $"</{Dsml}invoke>")
            {
                Cut = "\"", TextAttribute = "string=\"true\"",
            }))],
        InnerMarks = [$"<{Dsml}parameter name=\"", $"</{Dsml}parameter>"],
    };

    private static AnswerFormat DeepSeek(NamedJsonForm form, string open, string close) => new("deepseek")
    {
        CallForm = CallForms.DeepSeek(open, form.NameEnds[0], close),
        SectionOpens = ["<｜tool▁calls▁begin｜>"],
        SectionCloses = ["<｜tool▁calls▁end｜>"],
        Calls = [(open, s => new NamedJsonReader(s, form))],
        InnerMarks = [Sep, "<｜tool▁call▁end｜>"],
    };

    private static AnswerFormat Kimi3() => new("kimi-k3")
    {
        CallForm = CallForms.KimiK3,
        Thought = new("<|open|>think<|sep|>", "<|close|>think<|sep|>") { AnswerOpen = "<|open|>response<|sep|>" },
        SectionOpens = ["<|open|>tools<|sep|>"],
        SectionCloses = ["<|close|>tools<|sep|>"],
        Calls = [("<|open|>call tool=\"", s => new TaggedReader(s,
            new TaggedForm("<|sep|>", "<|open|>argument key=\"", "<|sep|>", "<|close|>argument<|sep|>", "<|close|>call<|sep|>")
            {
                Cut = "\"", TextAttribute = "type=\"string\"",
            }))],
        Dropped = ["<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>", "<|end_of_msg|>"],
    };
}
