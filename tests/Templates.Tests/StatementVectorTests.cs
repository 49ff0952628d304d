using System.Text.Json;
using LayerStream.Templates.Runtime;
using Xunit;

namespace LayerStream.Templates.Tests;

/// <summary>Statements beyond loops and conditions, with the output of Jinja2 3.1 (trim_blocks, lstrip_blocks, do, loop
/// controls).</summary>
public sealed class StatementVectorTests
{
    [Theory]
    [InlineData("{% macro box(t) %}<{{ t }}:{{ caller() }}>{% endmacro %}{% call box('a') %}in{% endcall %}", "<a:in>")]
    [InlineData("{% macro rows(l) %}{% for x in l %}{{ caller(x, loop.index) }};{% endfor %}{% endmacro %}"
        + "{% call(v, i) rows([5, 6]) %}{{ i }}={{ v }}{% endcall %}",
        "1=5;2=6;")]
    [InlineData("{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}x{% endcall %}", "FalseTrue")]
    [InlineData("{% set v = 1 %}{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ v }}{% set v = 2 %}{{ v }}"
        + "{% endcall %}{{ v }}",
        "121")]
    [InlineData("{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False")]
    [InlineData("{% set a = 5 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}", "155")]
    [InlineData("{% with %}{% set q = 3 %}{{ q }}{% endwith %}{{ q is defined }}", "3False")]
    [InlineData("{% filter upper %}a{{ 'b' }}{% filter trim %} c {% endfilter %}{% endfilter %}", "ABC")]
    [InlineData("{% filter replace('a', 'b') %}banana{% endfilter %}", "bbnbnb")]
    [InlineData("{% filter indent(2) | upper %}x\ny{% endfilter %}", "X\n  Y")]
    [InlineData("{% for x in [[1, [2, 3]], [4]] recursive %}{% if x is iterable %}[{{ loop(x) }}]"
        + "{% else %}{{ x }}@{{ loop.depth }}{{ loop.depth0 }}{% endif %}{% endfor %}",
        "[1@21[2@323@32]][4@21]")]
    [InlineData("{% for x in [1, 2, 3] %}{{ loop.previtem }}{{ loop.nextitem }}|{% endfor %}", "2|13|2|")]
    [InlineData(""
        + "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{{ loop.cycle('a', 'b') }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}",
        "Truea32 Falseb21 Truea10 ")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% else %}none{% endfor %}", "a1b2")]
    [InlineData("{% for a in [1, 2] %}{% for b in [3, 4] %}{% if b == 4 %}{% continue %}"
        + "{% endif %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}{% endfor %}",
        "131231")]
    [InlineData("{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "3210")]
    [InlineData("{% macro f(x, y='d') %}{{ x }}{{ y }}{{ caller('z') }}{% endmacro %}{% call(q) f(1, y=2) %}[{{ q }}]{% endcall %}",
        "12[z]")]
    [InlineData("{%- set a, b = 1, 2 -%} {{ a }}{{ b }}", "12")]
    [InlineData("{% if a is not defined and not b %}t{% elif true %}e{% endif %}", "t")]
    [InlineData("{% set ns = namespace(n=0) %}{% macro m() %}{% set ns.n = ns.n + 1 %}{{ caller() }}{% endmacro %}"
        + "{% call m() %}c{% endcall %}{{ ns.n }}",
        "c1")]
    [InlineData("{{ f.name if f is defined else 'no' }}{% macro f(a, b) %}{% endmacro %}{{ f.name }}{{ f.arguments }}",
        "nof('a', 'b')")]
    [InlineData("{% set l = [] %}{% for i in range(3) %}{% do l.append(i) %}{% endfor %}{{ l }}", "[0, 1, 2]")]
    [InlineData("{% set d = {} %}{% do d.update({'a': 1}) %}{{ d }}", "{'a': 1}")]
    public void ChatTemplate_Statement_RendersAsTheReference(string template, string expected) => Assert.Equal(expected, Render(template));

    [Fact]
    public void ChatTemplate_RecursiveLoopOverATree_RendersAsTheReference() => Assert.Equal("a(b,c(d)),e", Render(
        "{% for n in t recursive %}{{ n.v }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% if not loop.last %},{% endif %}{% endfor %}",
        """{"t":[{"v":"a","c":[{"v":"b","c":[]},{"v":"c","c":[{"v":"d"}]}]},{"v":"e"}]}"""));

    [Theory]
    [InlineData("{% call f() %}x{% endcall %}")]
    [InlineData("{% for x in [[[]]] recursive %}{{ loop(5) }}{% endfor %}")]
    [InlineData("{% filter no_such %}x{% endfilter %}")]
    [InlineData("{% for x in [1] %}{{ loop([2]) }}{% endfor %}")]
    public void ChatTemplate_StatementUsedWrongly_IsATemplateException(string template) =>
        Assert.ThrowsAny<TemplateException>(() => Render(template));

    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% set l = [] %}{% do l.append(l) %}{% for x in l recursive %}{{ loop(x) }}{% endfor %}")]
    public void ChatTemplate_EndlessRecursion_IsATemplateException(string template) =>
        Assert.ThrowsAny<TemplateException>(() => Render(template));

    private static string Render(string template, string json = "{}")
    {
        using var document = JsonDocument.Parse(json);
        return ChatTemplate.Parse(template).Render(TemplateVariables.FromJson(document.RootElement));
    }
}
