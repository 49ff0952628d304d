using System.Text.Json;
using LayerStream.Templates.Runtime;
using Xunit;

namespace LayerStream.Templates.Tests;

/// <summary>Small templates with the output the reference engine gives.</summary>
public sealed class TemplateVectorTests
{
    private static string Render(string template, string json = "{}")
    {
        using var document = JsonDocument.Parse(json);
        return ChatTemplate.Parse(template).Render(TemplateVariables.FromJson(document.RootElement));
    }

    [Theory]
    [InlineData("{{ none }}|{{ true }}|{{ 1e20 }}", "None|True|1e+20")]
    [InlineData("[{{ x }}]", "[]")]
    [InlineData("{{ -7%3 }}{{ 7//2 }}{{ 7/2 }}", "233.5")]
    [InlineData("{% set a=1 %}{% for i in [1] %}{% set a=2 %}{{a}}{% endfor %}{{a}}{% if true %}{% set a=3 %}{% endif %}{{a}}", "213")]
    [InlineData("{% macro m() %}[{{i}}]{% endmacro %}{% for i in [1,2] %}{{ m() }}{% endfor %}", "[][]")]
    [InlineData("{% set a=1 %}{% macro m() %}{{a}}{% endmacro %}{% set a=2 %}{{ m() }}", "2")]
    [InlineData("{% set ns=namespace(a=1) %}{% for i in [1,2] %}{% set ns.a=ns.a+i %}{% endfor %}{{ns.a}}{{ns.b is defined}}", "4False")]
    [InlineData("{% for x in [1,2,3,4] if x%2==0 %}{{loop.index}}{{loop.last}}{{loop.length}}{% endfor %}", "1False22True2")]
    [InlineData("  {% if true %}\n  x\n  {% endif %}\ny", "  x\ny")]
    [InlineData("a\n{%- for i in [1,2] -%}\n {{ i }} \n{%- endfor %}\n\nb", "a12\nb")]
    [InlineData("  {{ 'v' }}\n  {# c #}\nz\n", "  v\nz")]
    [InlineData("{{ [1,2,3][::-1] }}{{ 'abc'[:-1] }}{{ 'a👍b'[1] }}", "[3, 2, 1]ab👍")]
    [InlineData("{{ 'a,b,'.split(',') }}{{ ' a  b '.split() }}{{ 'aXbXc'.split('X',1) }}", "['a', 'b', '']['a', 'b']['a', 'bXc']")]
    [InlineData("{{ {'a':[1,2.0,{'b':none}],'c':'é\\n<&\"/'}|tojson }}", "{\"a\": [1, 2.0, {\"b\": null}], \"c\": \"é\\n<&\\\"/\"}")]
    [InlineData("{{ [1.0,1e16,1e15,1e-5,0.0001,-0.0]|tojson }}", "[1.0, 1e+16, 1000000000000000.0, 1e-05, 0.0001, -0.0]")]
    [InlineData("{{ none|default('x') }}{{ none|default('x',true) }}{{ ''|default('y',true) }}", "Nonexy")]
    [InlineData("{{ 'a'|indent(4, first=true) }}|{{ 'a\n\nb'|indent(2) }}", "    a|a\n\n  b")]
    [InlineData("{{ ['b','B','a']|unique|list }}", "['b', 'a']")]
    [InlineData("{{ {'b':1,'A':2,'a':3}|dictsort }}", "[('A', 2), ('a', 3), ('b', 1)]")]
    [InlineData("{{ 'x' is sequence }}{{ none is iterable }}{{ true is number }}{{ 1 == 1.0 }}", "TrueFalseTrueTrue")]
    [InlineData("{{ 1 if none else 2 }}{{ 'a' if false }}", "2")]
    [InlineData("{{ '\\d\\x41\\\\' }}", "\\dA\\")]
    [InlineData("{{ 'a' 'b' }}", "ab")]
    [InlineData("{{ 'x' + [1]|tojson + 'y' }}", "x[1]y")]
    [InlineData("{{ -2|abs }}{{ 1 ~ 2 * 3 }}{{ not x is defined }}{{ 1 < 2 < 3 }}", "216TrueTrue")]
    [InlineData("{{ 'añ👍b'|length }}{{ 'ß'|upper }}{{ 0.1+0.2 }}", "4SS0.30000000000000004")]
    [InlineData("{{ {'a': 1, 'b': [\"it's\"], 'c': none}|string }}{{ (1,) }}", "{'a': 1, 'b': [\"it's\"], 'c': None}(1,)")]
    [InlineData("{% set x %}<{{ 1 }}>{% endset %}{{ x }}{% filter trim %}  y {% endfilter %}", "<1>y")]
    [InlineData("{% generation %}a{{ 1 }}{% endgeneration %}b", "a1b")]
    [InlineData("{% for x in [1,2,3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}", "1")]
    [InlineData("{% for x in [] %}{% else %}none{% endfor %}", "none")]
    [InlineData("{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1, 3, 4, c=5) }}",
        "12(){}13(4,){'c': 5}")]
    [InlineData("{% if false %}{{ 1|no_such }}{{ no_such() }}{% endif %}ok", "ok")]
    [InlineData("{% for i in [1]: %}{% if i: %}{{ i }}{% else: %}{% endif %}{% endfor %}", "1")]
    [InlineData("{% raw %}{{ x }}{% endraw %}", "{{ x }}")]
    [InlineData("{{ [{'f': {'n': 'a'}}, {}]|map(attribute='f')|list|length }}{{ ['a','b']|map('upper')|join('-') }}", "2A-B")]
    [InlineData("{{ [{'r': 1}, {'r': 2}]|selectattr('r', 'equalto', 2)|list }}{{ [1, 2]|reject('equalto', 1)|list }}", "[{'r': 2}][2]")]
    [InlineData("{% set l = [1] %}{{ l.append(2) }}{{ l }}{{ l.pop(0) }}{{ l }}", "None[1, 2]1[2]")]
    [InlineData("{{ '[' ~ '%s-%d' % ('a', 3) ~ '{}{}'.format(1, 'x') }}", "[a-31x")]
    [InlineData("{{ ''.__class__ }}{{ {}.__class__ is defined }}", "False")]
    [InlineData("{{ 2**100 }} {{ 12345678901234567890|tojson }}", "1267650600228229401496703205376 12345678901234567890")]
    [InlineData("{{ '<é>'|tojson(ensure_ascii=True) }}", "\"<\\u00e9>\"")]
    public void ChatTemplate_Vector_RendersAsTheReference(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ d.items }}", "{\"d\":{\"items\":1}}", "<built-in items>")]
    [InlineData("{{ d['items'] }}", "{\"d\":{\"items\":1}}", "1")]
    [InlineData("{{ d|tojson }}", "{\"d\":{\"b\":1.0,\"a\":123456789012345678901234567890,\"b\":2}}",
        "{\"b\": 2, \"a\": 123456789012345678901234567890}")]
    [InlineData("{{ d|tojson(indent=2) }}", "{\"d\":{\"a\":[],\"b\":{},\"c\":[1,{\"x\":true}]}}",
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"x\": true\n    }\n  ]\n}")]
    [InlineData("{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%B %d, %Y') }}", "{\"now\":\"2026-01-02T03:04:05\"}",
        "02 Jan 2026|January 02, 2026")]
    public void ChatTemplate_VectorWithInput_RendersAsTheReference(string template, string json, string expected) =>
        Assert.Equal(expected, Render(template, json));

    [Theory]
    [InlineData("{{ d.y.z }}", "{\"d\":{}}")]
    [InlineData("{{ x|tojson }}", "{}")]
    [InlineData("{{ x.a.b|default('q') }}", "{\"x\":{}}")]
    [InlineData("{{ 1 ~ 2 + 3 }}", "{}")]
    [InlineData("{{ 'a' + none }}", "{}")]
    [InlineData("{{ 1 < 'a' }}", "{}")]
    [InlineData("{{ none|length }}", "{}")]
    [InlineData("{% for x in none %}{% endfor %}", "{}")]
    [InlineData("{{ 'a' in none }}", "{}")]
    [InlineData("{{ f() }}", "{}")]
    [InlineData("{{ 1|no_such }}", "{}")]
    [InlineData("{% set x.y = 1 %}", "{\"x\":{}}")]
    [InlineData("{{ 1 // 0 }}", "{}")]
    [InlineData("{{ 1 % 0.0 }}", "{}")]
    public void ChatTemplate_WrongUse_IsATemplateException(string template, string json)
    {
        var error = Assert.Throws<TemplateException>(() => Render(template, json));
        Assert.False(error.RaisedByTemplate);
        Assert.Equal(1, error.Line);
    }

    [Fact]
    public void ChatTemplate_RaiseException_CarriesTheMessage()
    {
        var error = Assert.Throws<TemplateException>(() => Render("\n{{ raise_exception('no ' ~ 1) }}"));
        Assert.True(error.RaisedByTemplate);
        Assert.Equal(("no 1", 2), (error.Message, error.Line));
    }

    [Theory]
    [InlineData("a\n{{ 1 +", 2)]
    [InlineData("{% if x %}\n\n\n", 3)]
    [InlineData("\n{% include 'x' %}", 2)]
    [InlineData("\n\n{% frobnicate %}", 3)]
    [InlineData("{# a", 1)]
    [InlineData("{{ 'a }}", 1)]
    [InlineData("{{ (1] }}", 1)]
    [InlineData("{% break %}", 1)]
    [InlineData("{% endif %}", 1)]
    [InlineData("{{ f(a=1, 2) }}", 1)]
    public void ChatTemplate_BadSyntax_NamesTheLine(string template, int line) =>
        Assert.Equal(line, Assert.Throws<TemplateSyntaxException>(() => ChatTemplate.Parse(template)).Line);

    [Fact]
    public void ChatTemplate_AppendToInput_LeavesTheInputAlone()
    {
        using var document = JsonDocument.Parse("{\"l\":[1]}");
        var variables = TemplateVariables.FromJson(document.RootElement);
        var template = ChatTemplate.Parse("{{ l.append(2) or l }}");
        Assert.Equal("[1, 2]", template.Render(variables));
        Assert.Equal("[1, 2]", template.Render(variables));
    }
}
