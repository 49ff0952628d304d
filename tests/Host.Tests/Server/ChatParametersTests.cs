using System.Text;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Sampling;

namespace LayerStream.Host.Tests.Server;

/// <summary>Tolerant where nothing is lost, strict where something would be.</summary>
public sealed class ChatParametersTests
{
    public static TheoryData<string> Hints => [.. ChatParameters.Rows.Where(r => r.Use == ParameterUse.Hint).Select(r => r.Name)];

    public static TheoryData<string> Refusals => [.. ChatParameters.Rows.Where(r => r.Use == ParameterUse.Refused).Select(r => r.Name)];

    public static TheoryData<string> All => [.. ChatParameters.Rows.Where(r => r.Name != "messages").Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public void Read_NullForAnyMember_IsAbsent(string name) => Read($"\"{name}\":null").Dispose();

    [Theory]
    [MemberData(nameof(Hints))]
    public void Read_Hint_IsTakenWithAnyValue(string name)
    {
        foreach (string value in new[] { "1", "\"x\"", "true", "[]", "{\"a\":[[],[]]}" })
        {
            Read($"\"{name}\":{value}").Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Read_WhatWouldChangeTheAnswer_IsRefusedByName(string name) => Assert.Equal(name, Refused($"\"{name}\":{{}}").Param);

    [Theory]
    [InlineData("\"tools\":[]")]
    [InlineData("\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false")]
    [InlineData("\"tool_choice\":\"none\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")]
    [InlineData("\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":null}}]")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]")]
    [InlineData("\"reasoning_effort\":\"none\"")]
    [InlineData("\"response_format\":{\"type\":\"text\"}")]
    [InlineData("\"modalities\":[\"text\"]")]
    [InlineData("\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false}")]
    [InlineData("\"max_tokens\":-1")]
    [InlineData("\"max_tokens\":3.0")]
    [InlineData("\"top_k\":40.0")]
    [InlineData("\"n\":1.0")]
    [InlineData("\"stop\":\"\"")]
    [InlineData("\"top_logprobs\":0")]
    [InlineData("\"model\":\"\"")]
    [InlineData("\"model\":\"default\"")]
    [InlineData("\"model\":\"owner/TINY:latest\"")]
    [InlineData("\"functions\":[],\"function_call\":\"none\"")]
    [InlineData("\"echo\":false,\"suffix\":\"\",\"best_of\":1,\"min_tokens\":0,\"mirostat\":0.0")]
    [InlineData("\"skip_special_tokens\":true,\"reasoning_format\":\"auto\",\"length_penalty\":1.0")]
    [InlineData("\"stop\":[\"\"]")]
    [InlineData("\"seed\":18446744073709551615")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5")]
    [InlineData("\"enable_thinking\":false")]
    [InlineData("\"think\":\"low\"")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9}")]
    [InlineData("\"reasoning\":{\"effort\":\"low\",\"exclude\":false,\"summary\":\"auto\"}")]
    [InlineData("\"usage\":{\"include\":true},\"provider\":{\"order\":[]}")]
    [InlineData("\"tool_choice\":{\"type\":\"auto\"}")]
    public void Read_WhatAsksForNothing_IsTaken(string member) => Read(member).Dispose();

    [Theory]
    [InlineData("\"temprature\":1", "temprature")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function")]
    [InlineData("\"tools\":[{\"function\":{\"name\":\"\"}}]", "tools[0].function.name")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":\"int\"}}}", "response_format")]
    [InlineData("\"grammar\":\"root ::= root\"", "grammar")]
    [InlineData("\"modalities\":[\"audio\"]", "modalities")]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    [InlineData("\"max_tokens\":1.5", "max_tokens")]
    [InlineData("\"seed\":1e300", "seed")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":6", "max_completion_tokens")]
    [InlineData("\"function_call\":\"required\"", "function_call")]
    [InlineData("\"skip_special_tokens\":false", "skip_special_tokens")]
    [InlineData("\"mirostat\":2", "mirostat")]
    [InlineData("\"echo\":true", "echo")]
    [InlineData("\"reasoning\":{\"exclude\":true}", "reasoning.exclude")]
    [InlineData("\"tool_choice\":{\"type\":\"web_search\"}", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"name\":\"g\"}]}", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[5]}", "tool_choice.tools[0]")]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"function\":5}]}", "tool_choice.tools[0]")]
    [InlineData("\"echo\":\"\\ud800\"", "echo")]
    [InlineData("\"echo\":false,\"echo\":false", "echo")]
    [InlineData("\"n\":33", "n")]
    [InlineData("\"model\":\"gpt-4o\"", "model")]
    [InlineData("\"continue_final_message\":true", "continue_final_message")]
    [InlineData("\"add_generation_prompt\":false", "add_generation_prompt")]
    public void Read_WhatCannotBeHonoured_IsRefusedByName(string member, string name) => Assert.Equal(name, Refused(member).Param);

    [Fact]
    public void Read_NestedHintOf3MiB_MakesNoTree()
    {
        RequestMemory memory = RequestBodyTests.Memory(1 << 20);
        using RequestMemory.Holding holding = memory.Open();
        byte[] body = Body("\"metadata\":[" + string.Join(',', Enumerable.Repeat("[]", 1 << 20)) + "]");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Read(body, holding).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_NestedMessagesBeyondTheMemory_Is413BeforeATreeIsMade()
    {
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        byte[] body = Encoding.UTF8.GetBytes("{\"messages\":[" + string.Join(',', Enumerable.Repeat("[]", 1 << 18)) + "]}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(413, Assert.Throws<ApiException>(() => Read(body, holding)).Status);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("{\"messages\":[]} x")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"messages\":")]
    public void Read_NoObject_Is400(string body)
    {
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        Assert.Equal(400, Assert.Throws<ApiException>(() => Read(Encoding.UTF8.GetBytes(body), holding)).Status);
    }

    [Theory]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "{\"a\":[1]}", "[1]")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"strict\":true,\"schema\":{\"type\":\"null\"}}}",
        "null", "1")]
    [InlineData("\"json_schema\":{\"type\":\"integer\",\"minimum\":3}", "3", "2")]
    [InlineData("\"grammar\":\"root ::= [a-c]+\"", "abc", "d")]
    [InlineData("\"guided_json\":\"{\\\"const\\\":true}\"", "true", "false")]
    [InlineData("\"guided_grammar\":\"root ::= \\\"x\\\"\"", "x", "y")]
    [InlineData("\"guided_regex\":\"\\\\d{2}\"", "12", "1")]
    [InlineData("\"guided_choice\":[\"yes\",\"no\"]", "no", "n")]
    public void Read_GrammarOfTheAnswer_IsCompiled(string member, string accepted, string refused)
    {
        using ChatRequest request = Read(member);
        Assert.True(request.Grammar!.Match(Encoding.UTF8.GetBytes(accepted)).Accepts);
        Assert.False(request.Grammar.Match(Encoding.UTF8.GetBytes(refused)).Accepts);
    }

    [Theory]
    [InlineData("{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":[{\"type\":\"function\","
        + "\"function\":{\"name\":\"b\"}}]}}")]
    [InlineData("{\"type\":\"allowed_tools\",\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"name\":\"b\"},{\"type\":\"mcp\"}]}")]
    public void Read_AllowedTools_AreAllThereAre(string choice)
    {
        using ChatRequest request = Read("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\","
            + "\"function\":{\"name\":\"b\"}}],\"tool_choice\":" + choice);
        Assert.Equal(ToolDemand.Required, request.ToolChoice);
        Assert.Equal(["b"], request.Tools.Names);
        Assert.Equal(["b"], request.CallableTools.Select(t => t.Name));
        Assert.Single(request.ToolList);
    }

    [Fact]
    public void Read_HistoryOfOlderClients_HasTheFormOfTemplates()
    {
        byte[] body = Encoding.UTF8.GetBytes("""
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
            {"role":"function","name":"f","content":"22"},{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]},
            {"role":"assistant","content":null,"refusal":"Never."}]}
            """);
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        using ChatRequest request = Read(body, holding);
        string[] plain = [.. request.Messages.EnumerateArray().Select(m => m.GetRawText())];
        Assert.Equal("""{"role":"user","content":"a"}""", plain[0]);
        Assert.Contains("""
            "tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{}"}}]
            """.Trim(), plain[1], StringComparison.Ordinal);
        Assert.Equal("""{"role":"tool","name":"f","content":"22"}""", plain[2]);
        Assert.Equal("""{"role":"assistant","content":[{"type":"text","text":"No."}]}""", plain[3]);
        Assert.Contains("\"content\":\"Never.\"", plain[4], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":null,"refusal":"\ud800"}""")]
    [InlineData("""{"role":"function","name":"\ud800","content":"22"}""")]
    public void Read_HistoryOfOlderClientsWithHalfASurrogatePair_Is400(string message)
    {
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        ApiException refused = Assert.Throws<ApiException>(() => Read(Encoding.UTF8.GetBytes($$"""{"messages":[{{message}}]}"""), holding));
        Assert.Equal((400, "messages", "invalid_string"), (refused.Status, refused.Param, refused.Code));
    }

    [Fact]
    public void Read_TwoGrammars_IsAConflict() =>
        Assert.Equal("conflicting_parameters", Refused("\"guided_regex\":\"a\",\"guided_choice\":[\"b\"]").Code);

    /// <summary>A copy in another form costs memory too: it is refused before it is made.</summary>
    [Fact]
    public void Read_MessagesInAnOlderForm_ArePaidForBeforeTheyAreCopied()
    {
        string text = new('a', 40_000);
        byte[] now = Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"tool","content":"{{text}}"}]}"""),
            old = Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"function","content":"{{text}}"}]}""");
        using RequestMemory.Holding small = RequestBodyTests.Memory(70_000).Open();
        Read(now, small).Dispose();
        Assert.InRange(small.Bytes, 1, 2_000); // its tree
        ApiException refused = Assert.Throws<ApiException>(() => Read(old, small));
        Assert.Equal((413, "body_too_large"), (refused.Status, refused.Code));
        using RequestMemory.Holding ample = RequestBodyTests.Memory(100_000).Open();
        Read(old, ample).Dispose();
        Assert.InRange(ample.Bytes, 80_000, 100_000);
    }

    private static ApiException Refused(string member) => Assert.Throws<ApiException>(() => Read(member));

    private static ChatRequest Read(string member)
    {
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        return Read(Body(member), holding);
    }

    private static byte[] Body(string member) => Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"a"}],{{member}}}""");

    private static ChatRequest Read(byte[] body, RequestMemory.Holding holding)
    {
        using Admission admission = new(1);
        using DaemonMetrics metrics = new(() => 0, () => null);
        return ChatParameters.Read(body, new ServerState("Tiny", admission, metrics), new SamplingOptions(), holding);
    }
}
