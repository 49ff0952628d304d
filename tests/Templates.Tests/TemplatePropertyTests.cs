using System.Diagnostics;
using CsCheck;
using LayerStream.Templates.Runtime;
using Xunit;

namespace LayerStream.Templates.Tests;

/// <summary>Templates are untrusted: whatever they say ends in a text or a typed error, in bounded time and memory. Long runs as in
/// <c>TokenizerPropertyTests</c>.</summary>
public sealed class TemplatePropertyTests
{
    private const long MostBytes = 512L << 20;
    private static readonly TimeSpan s_mostTime = TimeSpan.FromSeconds(20);
    private static readonly TemplateLimits s_limits = new()
    {
        Steps = 100_000,
        TextLength = 1 << 16,
        TotalText = 1 << 20,
        Time = TimeSpan.FromSeconds(2)
    };
    private static readonly string[] s_sources = [.. TemplateData.Files().Select(File.ReadAllText)];
    private static readonly string[] s_conversations = ["user", "tools", "tool-round", "parts", "reasoning-content"];

    private static readonly string[] s_fragments =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "(", ")", "[", "]", "{", "}", "'", "\"", "|", ".", ",", "~", "*", "**", "%", ":",
            "=", " in ", " is ", " not ", " if ", " else ",
        "none", "loop", "messages", "tools", "namespace", "endif", "endfor", "endmacro", "\\", "1e999", "-1", "9999999999999999999999",
        "👍",
            "\uD800", "\n", "|tojson", "|length",
        ".items()", "[::-1]", "*1000000", "range(99999)",
    ];

    [Fact]
    public void Render_GeneratedTemplate_GivesTextOrATypedError() =>
        Gen.Select(Statements(3), Gen.OneOf(s_conversations)).Sample(made => Check(made.Item1, made.Item2));

    [Fact]
    public void Render_MutatedRealTemplate_GivesTextOrATypedError()
    {
        Gen<(double At, int Cut, string Put)[]> edits = Gen.Select(Gen.Double[0, 1], Gen.Int[0, 20], Gen.OneOf(s_fragments)).Array[1, 6];
        Gen.Select(Gen.OneOf(s_sources), edits, Gen.OneOf(s_conversations)).Sample(made =>
        {
            string source = made.Item1;
            foreach ((double at, int cut, string put) in made.Item2)
            {
                int place = (int)(at * source.Length);
                source = source[..place] + put + source[Math.Min(source.Length, place + cut)..];
            }

            Check(source, made.Item3);
        });
    }

    private static Gen<string> Statements(int depth) => Statement(depth).Array[0, 4].Select(static parts => string.Concat(parts));

    private static Gen<string> Statement(int depth)
    {
        Gen<string> simple = Gen.OneOf(
            Gen.OneOf("text\n", "  ", "{# c #}", "{%- set ns = namespace(a=1) -%}", "{% break %}", "{{ raise_exception('no') }}",
                "{% set x = messages %}"),
            Expression(2).Select(static e => "{{ " + e + " }}"),
            Expression(2).Select(static e => "{% set x = " + e + " %}"),
            Expression(2).Select(static e => "{% set ns.a = " + e + " %}"));
        if (depth == 0)
        {
            return simple;
        }

        Gen<string> body = Statements(depth - 1);
        return Gen.Frequency(
            (4, simple),
            (1, Gen.Select(Expression(2), body, body, static (e, a, b) => "{% if " + e + " %}" + a + "{% else %}" + b + "{% endif %}")),
            (1, Gen.Select(Expression(1), body, static (e, a) => "{% for x in " + e + " %}" + a + "{% endfor %}")),
            (1, Gen.Select(Expression(1), body, static (e, a) => "{% for k, v in (" + e + ").items() if k %}" + a + "{% endfor %}")),
            (1, body.Select(static a => "{% macro m(x, y=1) %}" + a + "{{ m(x) if y }}{% endmacro %}{{ m(1, 0) }}")),
            (1, body.Select(static a => "{% set x %}" + a + "{% endset %}")),
            (1, body.Select(static a => "{% filter upper %}" + a + "{% endfilter %}")));
    }

    private static Gen<string> Expression(int depth)
    {
        Gen<string> atom = Gen.OneOf(
            "messages", "tools", "loop", "loop.index0", "loop.nextitem", "x", "ns", "ns.a", "missing", "none", "true", "0", "-3", "2.5",
                "1e308", "10**30", "'a'", "'é👍'", "' b,c '",
            "messages[0]", "messages[-1].content", "[]", "{}", "{'a': 1}", "(1, 2)", "range(7)", "bos_token", "strftime_now('%Y %d %b')",
                "dict(a=1)");
        if (depth == 0)
        {
            return atom;
        }

        Gen<string> inner = Expression(depth - 1);
        Gen<string> operation = Gen.OneOf("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or");
        Gen<string> suffix = Gen.OneOf(
            "|length", "|tojson", "|tojson(indent=2)", "|trim", "|string", "|items", "|join('-')", "|default(1, true)", "|list",
                "|selectattr('role', 'equalto', 'user')|list",
            "|map(attribute='role')|list", "|dictsort", "|upper", "|replace('a', 'bb')", "|indent(3)", "|int", "|float", "|sort",
                "|unique|list", "|first", "|last", "|sum", "|round(2)",
            "|from_json", "|nofilter", ".content", ".items()", ".get('a')", ".keys()", ".append(1)", ".split(',')", ".strip()",
                ".format(1, 'x')", ".pop()", "['a']", "[0]", "[1:]", "[::-1]",
            "[::0]", " is defined", " is mapping", " is none", " is iterable", ".__class__", "()");
        return Gen.Frequency(
            (3, atom),
            (3, Gen.Select(inner, suffix, static (e, s) => "(" + e + ")" + s)),
            (2, Gen.Select(inner, operation, inner, static (a, o, b) => a + " " + o + " " + b)),
            (1, Gen.Select(inner, inner, inner, static (a, c, b) => "(" + a + " if " + c + " else " + b + ")")),
            (1, Gen.Select(inner, inner, static (a, b) => "[" + a + ", " + b + "]")),
            (1, inner.Select(static e => "not " + e)));
    }

    private static void Check(string source, string conversation)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        try
        {
            string text = ChatTemplate.Parse(source, s_limits).Render(TemplateData.Variables(conversation));
            Assert.InRange(text.Length, 0, s_limits.TextLength);
        }
        catch (TemplateSyntaxException e)
        {
            Assert.True(e.Line >= 1);
        }
        catch (TemplateException e)
        {
            Assert.True(e.Line >= 0 && e.Message.Length > 0 | e.RaisedByTemplate);
        }

        Assert.True(Stopwatch.GetElapsedTime(start) < s_mostTime, "took too long");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MostBytes);
    }
}
