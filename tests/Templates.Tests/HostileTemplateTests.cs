using System.Diagnostics;
using LayerStream.Templates.Runtime;
using Xunit;

namespace LayerStream.Templates.Tests;

public sealed class HostileTemplateTests
{
    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    public static TheoryData<string> Deep() =>
    [
        "{{ " + Repeat("(", 100_000) + "1",
        "{{ " + Repeat("[", 100_000) + "1",
        "{{ " + Repeat("not ", 100_000) + "1 }}",
        "{{ " + Repeat("-", 100_000) + "1 }}",
        "{{ 1" + Repeat(" + 1", 100_000) + " }}",
        "{{ 1" + Repeat("**1", 100_000) + " }}",
        "{{ a" + Repeat(".a", 100_000) + " }}",
        "{{ a" + Repeat("|abs", 100_000) + " }}",
        "{{ a" + Repeat(" is x", 1) + Repeat(" if 1 else 2", 100_000) + " }}",
        Repeat("{% if 1 %}", 50_000),
        Repeat("{% for x in y %}", 50_000),
        "{% set " + Repeat("(", 100_000) + "a",
        new string('x', (1 << 20) + 1),
    ];

    [Theory]
    [MemberData(nameof(Deep))]
    public void ChatTemplate_DeepSyntax_IsRefused(string template) =>
        Assert.Throws<TemplateSyntaxException>(() => ChatTemplate.Parse(template));

    [Theory]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% macro m() %}{{ m()~m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(100001) }}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ [0] * 1000000000 }}")]
    [InlineData("{% set n = namespace(s='x') %}{% for i in range(100) %}{% set n.s = n.s + n.s %}{% endfor %}")]
    [InlineData("{% set n = namespace(s=[1]) %}{% for i in range(100) %}{% set n.s = n.s + n.s %}{% endfor %}")]
    [InlineData("{% set n = namespace(s=[1]) %}{% for i in range(100) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}")]
    [InlineData("{% set n = namespace(s=[1]) %}{% for i in range(100) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s|tojson }}")]
    [InlineData("{% set n = namespace(a=[1], b=[1]) %}{% for i in range(100) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% "
        + "endfor %}{{ n.a == n.b }}")]
    [InlineData("{% set n = namespace(a=(1,), b=(1,)) %}{% for i in range(100) %}{% set n.a = (n.a, n.a) %}{% endfor %}{{ {n.a: 1} }}")]
    [InlineData("{% set l = [] %}{{ l.append(l) }}{{ l }}")]
    [InlineData("{% set l = [] %}{% set m = [] %}{{ l.append(m) }}{{ m.append(l) }}{{ l == m }}")]
    [InlineData("{% set d = {} %}{{ d.update(a=d) }}{{ d|tojson }}")]
    [InlineData("{% set n = namespace(i=3) %}{% for i in range(100) %}{% set n.i = n.i * n.i %}{% endfor %}")]
    [InlineData("{{ 9**9**9 }}{{ 2**10000000 }}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ ('x' * 1000000).replace('', 'y' * 1000) }}")]
    [InlineData("{{ 'x' * 10000000 }}{{ 'x' * 10000000 }}")]
    public void ChatTemplate_GreedyTemplate_StopsWithATypedErrorInTime(string source)
    {
        var clock = Stopwatch.StartNew();
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source).Render(new TemplateVariables()));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"took {clock.Elapsed}");
    }

    [Fact]
    public void ChatTemplate_QuadraticSearch_StaysLinear()
    {
        const string Source = "{% set a = 'a' * 2000000 %}{% set p = 'a' * 500000 + 'b' %}{{ p in a }}{{ a.find(p) }}{{ a.count(p) }}{{ "
            + "a.rsplit(p)|length }}";
        var clock = Stopwatch.StartNew();
        Assert.Equal("False-101", ChatTemplate.Parse(Source).Render(new TemplateVariables()));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public void ChatTemplate_DeepestAllowedSyntaxInMacros_DoesNotOverflowASmallStack()
    {
        string nested = Repeat("(1 + ", 60) + "m()" + Repeat(")", 60);
        string source = "{% macro m() %}{{ " + nested + " }}{% endmacro %}{{ m() }}";
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() =>
            ChatTemplate.Parse(source).Render(new TemplateVariables())), 512 << 10);
        thread.Start();
        thread.Join();
        Assert.IsType<TemplateException>(error);
    }

    [Fact]
    public void ChatTemplate_MutatedTemplates_FailOnlyWithTypedErrors()
    {
        var random = new Random(20260102);
        var sources = TemplateData.Files().Select(File.ReadAllText).ToArray();
        string[] names = ["user", "tools", "tool-round", "parts", "reasoning-content"];
        string[] pieces = ["{{", "}}", "{%", "%}", "{#", "#}", "-", "(", ")", "[", "]", "'", "\"", "|", ".", "in", " is ", "none", "loop",
            "messages", "\\", "~", "*", "%", ":", "1e999", "0x", "👍", "\ud800", "endif", "not "];
        for (int round = 0; round < 1500; round++)
        {
            string source = Mutate(random, sources, pieces);
            try
            {
                ChatTemplate.Parse(source).Render(TemplateData.Variables(names[random.Next(names.Length)]));
            }
            catch (Exception e) when (e is TemplateException or TemplateSyntaxException)
            {
            }
        }
    }

    private static string Mutate(Random random, string[] sources, string[] pieces)
    {
        string source = sources[random.Next(sources.Length)];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(source.Length), length = Math.Min(random.Next(12), source.Length - at);
            source = random.Next(4) switch
            {
                0 => source.Remove(at, length),
                1 => source.Insert(at, pieces[random.Next(pieces.Length)]),
                2 => source[..at] + pieces[random.Next(pieces.Length)] + source[(at + length)..],
                _ => source.Insert(random.Next(source.Length), source.Substring(at, length)),
            };
        }

        return source;
    }
}
