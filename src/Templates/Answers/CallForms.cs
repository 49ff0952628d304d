namespace LayerStream.Templates.Answers;

/// <summary>Forms of calls by family.</summary>
internal static class CallForms
{
    private const string Dsml = "｜DSML｜";
    private const string Number = CallForm.Number;

    /// <summary>Of Mistral's models with <c>[ARGS]</c>.</summary>
    public static CallForm MistralArguments { get; } = new("[TOOL_CALLS]", ["[ARGS]"], "");

    /// <summary>Of Mistral's models with a list of JSON; their ids are made up here.</summary>
    public static CallForm MistralList { get; } = List("[TOOL_CALLS]", "");

    /// <summary>Harmony: a message to a function. One call ends the turn.</summary>
    public static CallForm Harmony { get; } = new("<|channel|>commentary to=functions.",
        [" <|constrain|>json<|message|>", "<|channel|>commentary <|constrain|>json<|message|>", "<|channel|>commentary json<|message|>",
            " json<|message|>", "<|message|>"], "")
    {
        Between = null,
        Sign = "to=functions.",
        AnswerSign = "<|channel|>final<|message|>",
    };

    /// <summary>Kimi K2.</summary>
    public static CallForm KimiK2 { get; } = new("<|tool_call_begin|>functions.", [$":{Number}<|tool_call_argument_begin|>"],
        "<|tool_call_end|>")
    {
        Opening = "<|tool_calls_section_begin|>",
        Closing = "<|tool_calls_section_end|>",
    };

    /// <summary>Kimi K3.</summary>
    public static CallForm KimiK3 { get; } = new("<|open|>call tool=\"", [$"\" index=\"{Number}\"<|sep|>"], "<|close|>call<|sep|>")
    {
        Opening = "<|open|>tools<|sep|>",
        Closing = "<|close|>tools<|sep|><|close|>message<|sep|>",
        Tags = new CallTags("<|open|>argument key=\"", "\" type=\"string\"<|sep|>",
            [.. new[] { "number", "boolean", "object", "array", "null" }.Select(t => $"\" type=\"{t}\"<|sep|>")],
            "<|close|>argument<|sep|>"),
    };

    /// <summary>MiniMax M2.</summary>
    public static CallForm MiniMax { get; } = new("<invoke name=\"", ["\">\n"], "</invoke>\n")
    {
        Opening = "<minimax:tool_call>\n",
        Closing = "</minimax:tool_call>",
        Tags = CallTags.Same("<parameter name=\"", "\">", "</parameter>\n"),
    };

    /// <summary>GLM.</summary>
    public static CallForm Glm { get; } = new("<tool_call>", ["\n"], "</tool_call>")
    {
        Between = "\n",
        Tags = CallTags.Same("<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>\n"),
    };

    /// <summary>Llama 3: the answer is the call.</summary>
    public static CallForm Llama { get; } = new("{\"name\": \"", ["\", \"parameters\": "], "}") { Between = null, NamesAreJson = true };

    /// <summary>Functionary 3.1.</summary>
    public static CallForm Functionary { get; } = new("<function=", [">"], "</function>");

    /// <summary>Functionary 3.2: the prompt ends with the sign of either a call or text.</summary>
    public static CallForm FunctionaryRecipients { get; } = new("", ["\n"], "") { Between = ">>>", TextOpen = "all\n" };

    /// <summary>Gemma 4.</summary>
    public static CallForm Gemma { get; } = new("<|tool_call>call:", [""], "<tool_call|>")
    {
        Syntax = CallSyntax.BareNames,
        SyntaxMark = "<|\"|>",
    };

    /// <summary>MiniMax M3.</summary>
    public static CallForm MiniMaxTags { get; } =
        new(NestedTagsCall.Mark + "<invoke name=\"", ["\">"], NestedTagsCall.Mark + "</invoke>")
        {
            Opening = NestedTagsCall.Mark + "<tool_call>",
            Closing = NestedTagsCall.Mark + "</tool_call>",
            Syntax = CallSyntax.NestedTags,
            SyntaxMark = NestedTagsCall.Mark,
        };

    /// <summary>LFM2.</summary>
    public static CallForm PythonList { get; } = new("", ["("], "")
    {
        Opening = "<|tool_call_start|>[",
        Between = ", ",
        Closing = "]<|tool_call_end|>",
        Syntax = CallSyntax.Python,
    };

    /// <summary>Command R.</summary>
    public static CallForm CommandR { get; } = new($"{{\"tool_call_id\": \"{Number}\", \"tool_name\": \"", ["\", \"parameters\": "], "}")
    {
        Opening = "<|START_ACTION|>[\n    ",
        Between = ",\n    ",
        Closing = "\n]<|END_ACTION|>",
        NamesAreJson = true,
    };

    /// <summary>DeepSeek V3.2 and V4.</summary>
    public static CallForm Markup(string section) => new($"<{Dsml}invoke name=\"", ["\">\n"], $"</{Dsml}invoke>\n")
    {
        Opening = $"<{Dsml}{section}>\n",
        Closing = $"</{Dsml}{section}>",
        Tags = new CallTags($"<{Dsml}parameter name=\"", "\" string=\"true\">", ["\" string=\"false\">"], $"</{Dsml}parameter>\n"),
    };

    /// <summary>DeepSeek R1 to V3.1.</summary>
    public static CallForm DeepSeek(string open, string nameEnd, string close) => new(open, [nameEnd], close)
    {
        Opening = "<｜tool▁calls▁begin｜>",
        Between = nameEnd.Contains('\n', StringComparison.Ordinal) ? "\n" : "",
        Closing = "<｜tool▁calls▁end｜>",
    };

    /// <summary>Functions and parameters in tags with the name behind an equals sign.</summary>
    public static CallForm FunctionTags(string open, string close, string line) => new($"{open}{line}<function=", [$">{line}"],
        $"</function>{line}{close}")
    {
        Between = "\n",
        Tags = CallTags.Same("<parameter=", $">{line}", $"{line}</parameter>{line}"),
    };

    /// <summary>Calls one after the other, each a JSON object in tags.</summary>
    public static CallForm Objects(string open, string close) =>
        new(open + "\n{\"name\": \"", ["\", \"arguments\": "], "}\n" + close) { Between = "\n", NamesAreJson = true };

    /// <summary>A JSON list of calls.</summary>
    public static CallForm List(string open, string close) => new("{\"name\": \"", ["\", \"arguments\": "], "}")
    {
        Opening = open + "[",
        Between = ", ",
        Closing = "]" + close,
        NamesAreJson = true,
    };
}
