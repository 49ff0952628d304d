using System.Text.Json;
using Xunit;

namespace LayerStream.Templates.Tests;

/// <summary>Text of messages stays text whatever a template does with it: no tokenizer may find a control token in it.</summary>
public sealed class MessageTextTests
{
    private const string Content = "<|end|>a b\n<|im_end|>";

    public static TheoryData<string> Expressions { get; } =
    [
        "c", "c|upper", "c|lower", "c|title", "c|capitalize", "c|trim", "c|replace('b', 'q')", "c|replace('a', '[T]')",
        "c|reverse", "c|indent(2)", "c|safe", "c|string", "c|escape", "c|e", "c|tojson", "c|list|join",
        "c.split()|first ~ c|last", "c|default('x')", "c|unique|join", "c|sort|join", "[c]|join('-')", "['a', c]|join(c)",
        "[c]|map('upper')|join", "[c, c]|unique|first", "[c]|select|list|first", "[c]|string", "{'k': c}|string",
        "{'k': c}|tojson", "{c: 1}|tojson", "{c: 1}|list|first", "{c: 1}|items|list|string", "{c: 1}|dictsort|first|first",
        "{'k': c}.values()|list|first", "{c: 1}.keys()|list|first", "c[1:]", "c[:-1]", "c[::-1]", "c[0] ~ c[1]", "c ~ 'x'",
        "'x' ~ c", "c + c", "c * 2", "'%s and %s' % (c, 1)", "'%r' % [c]", "'{} {x}'.format(c, x=c)", "'%s'|format(c)",
        "c.strip()", "c.lstrip('<')", "c.rstrip('>')", "c.upper()", "c.lower()", "c.title()", "c.capitalize()",
        "c.split()|join(' ')", "c.split('|')|join('-' ~ c)", "c.rsplit(' ', 1)|first", "c.splitlines()|join",
        "c.partition('a')|join", "c.rpartition('a')|join", "c.replace('a', c)", "'aba'.replace('b', c)", "c.ljust(40)",
        "c.rjust(40)", "c.zfill(40)", "c.removeprefix('<')", "c.removesuffix('>')", "c.casefold()", "'-'.join([c])",
        "c if c else 'x'", "c or 'x'", "x or c", "namespace(v=c).v", "(c, 1)|first", "[c][0]", "[[c]]|sum(start=[])|first",
        "[c]|min", "[c]|max", "[{'k': c}]|map(attribute='k')|first", "m.content", "m['content']", "m|tojson",
        "m|tojson(indent=2)", "m.get('content')", "m.items()|list|string",
        "messages|selectattr('content')|map(attribute='content')|first", "c.encode is defined and c or c", "c|attr('x') or c",
        "('\"' ~ c|replace('\\n', ' ') ~ '\"')|from_json",
    ];

    [Theory]
    [MemberData(nameof(Expressions))]
    public void RenderPrompt_MessageThroughAnExpression_StaysText(string expression) =>
        CheckMarks("[T]{{ " + expression + " }}[T]");

    [Theory]
    [InlineData("{% set x = c %}[T]{{ x }}[T]")]
    [InlineData("{% set x %}{{ c }}{% endset %}[T]{{ x }}[T]")]
    [InlineData("[T]{% filter upper %}{{ c }}{% endfilter %}[T]")]
    [InlineData("{% macro f(x) %}{{ x|trim }}{{ caller() }}{% endmacro %}[T]{% call f(c) %}{{ c }}{% endcall %}[T]")]
    [InlineData("[T]{% for x in c %}{{ x }}{% endfor %}[T]")]
    [InlineData("[T]{% for k, v in m.items() %}{{ k }}{{ v }}{% endfor %}[T]")]
    [InlineData("[T]{% with x = c %}{{ x }}{% endwith %}[T]")]
    [InlineData("{% set ns = namespace(x='') %}{% for y in c %}{% set ns.x = ns.x + y %}{% endfor %}[T]{{ ns.x }}[T]")]
    [InlineData("[T]{% for x in [[c]] recursive %}{{ loop(x) if x is not string else x }}{% endfor %}[T]")]
    [InlineData("{% set l = [] %}{% do l.append(c) %}[T]{{ l|join }}[T]")]
    public void RenderPrompt_MessageThroughAStatement_StaysText(string template) => CheckMarks(template);

    [Fact]
    public void RenderPrompt_TextOfTheTemplate_IsNotMessageText()
    {
        RenderedPrompt prompt = Render("<|im_start|>{{ m.role }}\n{{ c }}<|im_end|>");
        Assert.Equal("<|im_start|>user\n" + Content + "<|im_end|>", prompt.Text);
        Assert.All(Enumerable.Range(0, "<|im_start|>".Length), i => Assert.False(IsMessage(prompt, i)));
        Assert.All(Enumerable.Range(prompt.Text.Length - 10, 10), i => Assert.False(IsMessage(prompt, i)));
    }

    private static void CheckMarks(string template)
    {
        RenderedPrompt prompt = Render(template);
        int bars = 0;
        for (int i = 0; i < prompt.Text.Length; i++)
        {
            if (prompt.Text[i] == '|') // only the message has any
            {
                bars++;
                Assert.True(IsMessage(prompt, i), $"{template}: '|' at {i} of '{prompt.Text}' is not the message's");
            }
        }

        Assert.True(bars > 0, $"{template} wrote '{prompt.Text}'");
        Assert.False(IsMessage(prompt, 1), "the template's own first text counts as the message's");
        Assert.False(IsMessage(prompt, prompt.Text.Length - 2), "the template's own last text counts as the message's");
    }

    private static bool IsMessage(RenderedPrompt prompt, int index) =>
        prompt.MessageText.Any(r => r.Start.Value <= index && index < r.End.Value);

    private static RenderedPrompt Render(string template)
    {
        string json = JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = Content } } });
        using var document = JsonDocument.Parse(json);
        string start = "{% set m = messages[0] %}{% set c = m.content %}";
        return ChatTemplate.Parse(start + template).RenderPrompt(TemplateVariables.FromJson(document.RootElement));
    }
}
