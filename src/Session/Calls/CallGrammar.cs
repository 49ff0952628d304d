using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Grammars.Translated;
using LayerStream.Templates.Answers;

namespace LayerStream.Session.Calls;

/// <summary>Answers whose calls are whole and have valid arguments, in the form that a family of models writes them in.</summary>
public sealed class CallGrammar
{
    private readonly GrammarGraph _graph = new();
    private readonly AnswerFormat _format;
    private readonly CallForm _form;
    private readonly TokenTexts _texts;
    private readonly OfferedTools _offered;
    private readonly CallRules _rules;

    private CallGrammar(AnswerFormat format, CallForm form, TokenTexts texts, OfferedTools offered, CallRules rules)
    {
        (_format, _form, _texts, _offered, _rules) = (format, form, texts, offered, rules);
    }

    /// <summary>The grammar of an answer.</summary>
    /// <param name="format">How the model writes calls; it has a <see cref="AnswerFormat.CallForm"/>.</param>
    /// <param name="texts">The vocabulary with the marks of the format.</param>
    /// <param name="offered">The tools as the parser knows them.</param>
    /// <param name="rules">What is asked for; hears of tools whose schemas cannot be held to.</param>
    /// <exception cref="GrammarException">A schema that must be held to cannot be.</exception>
    public static Grammar Build(AnswerFormat format, TokenTexts texts, OfferedTools offered, CallRules rules) =>
        new CallGrammar(format, format.CallForm ?? throw new ArgumentException("The format has no form for grammars.", nameof(format)),
            texts, offered, rules).Build();

    private Grammar Build()
    {
        int names = Literal(""), close = Close(names);
        foreach (CallableTool tool in _rules.Tools)
        {
            AddTool(tool, names, close);
        }

        return _graph.Build(First(names));
    }

    private int[] First(int names)
    {
        (int open, int opened) = Text(_form.Opening + _form.CallOpen);
        _graph.Link(opened, names);
        if (_rules.IsDemanded)
        {
            return [open];
        }

        if (_form.TextOpen is { } textOpen)
        {
            int text = Literal(textOpen);
            foreach (int begin in Free(names))
            {
                _graph.Link(text, begin);
            }

            return [text, open];
        }

        bool begins = _rules.Otherwise is null ? _format.IsBareJson : _form.AnswerSign is null;
        return begins ? [.. Free(names), open] : Free(names);
    }

    // An answer that begins without a call.
    private int[] Free(int names)
    {
        int other = _rules.Otherwise is { } otherwise ? _graph.Add(otherwise) : -1;
        byte[][] signs = [.. _format.CallSigns.Select(_texts.WithMarks)];
        if (other >= 0)
        {
            _graph.End(other);
            if (_form.AnswerSign is not { } answer)
            {
                return [other];
            }

            signs = [.. signs, _texts.WithMarks(answer)];
            int before = _graph.AddUntil(signs, signs.Length - 1, isText: false);
            _graph.Link(before, other);
            return [before, UntilCall(signs, names)];
        }

        int free = _graph.AddFree(signs, _format.IsBareJson);
        _graph.End(free);
        if (_format.IsBareJson)
        {
            return [free];
        }

        return [free, UntilCall(signs, names)];
    }

    // Any text up to the first call.
    private int UntilCall(byte[][] signs, int names)
    {
        string opening = _form.Opening + _form.CallOpen, sign = _format.CallSigns[0];
        int until = _graph.AddUntil(signs, 0, isText: false);
        int at = opening.IndexOf(sign, StringComparison.Ordinal);
        (int rest, int ready) = Text(at < 0 ? "" : opening[(at + sign.Length)..]);
        _graph.Link(until, rest);
        _graph.Link(ready, names);
        return until;
    }

    private void AddTool(CallableTool tool, int names, int close)
    {
        int name = _graph.AddLiteral(Encoding.UTF8.GetBytes(_form.Name(tool.Name)));
        _graph.Link(names, name);
        (int first, int last) = Arguments(tool);
        foreach (string end in _form.NameEnds)
        {
            (int begin, int behind) = Text(end);
            _graph.Link(name, begin);
            _graph.Link(behind, first);
        }

        _graph.Link(last, close);
    }

    // Behind the arguments of any tool: the close, and then another call or the end.
    private int Close(int names)
    {
        int close = Literal(_form.CallClose), closing = Literal(_form.Closing);
        _graph.Link(close, closing);
        _graph.End(closing);
        if (_form.Between is { } between && _rules.AllowsSeveral)
        {
            (int again, int opened) = Text(between + _form.CallOpen);
            _graph.Link(close, again);
            _graph.Link(opened, names);
        }

        return close;
    }

    private (int First, int Last) Arguments(CallableTool tool)
    {
        try
        {
            return Arguments(tool, holds: _rules.IsDemanded || tool.IsStrict);
        }
        catch (GrammarException e) when (!tool.IsStrict && e.Fault != GrammarFault.Empty)
        {
            _rules.Loose.Add(tool.Name);
            return Arguments(tool, holds: false);
        }
    }

    private (int First, int Last) Arguments(CallableTool tool, bool holds)
    {
        if (_form.Tags is not { } tags)
        {
            return Members(holds ? ObjectSchema(tool.Parameters) : null);
        }

        TaggedArguments parameters = new(_graph, tags, _texts, _offered, tool);
        (int first, int last, bool isLoose) = holds ? parameters.Add() : parameters.AddLoose();
        if (holds && isLoose)
        {
            _rules.Loose.Add(tool.Name);
        }

        return (first, last);
    }

    // Arguments in JSON, or in a form that says the same.
    private (int First, int Last) Members(JsonElement? schema)
    {
        Grammar grammar = schema is { } given ? Grammar.FromSchema(given) : Grammar.AnyObject();
        if (schema is { } named && _form.Syntax != CallSyntax.Json)
        {
            ArgumentNames.Check(named);
        }

        int piece = _form.Syntax switch
        {
            CallSyntax.BareNames => _graph.Add(grammar, ArgumentSyntax.BareNames(_texts.WithMarks(_form.SyntaxMark))),
            CallSyntax.Python => _graph.Add(grammar, ArgumentSyntax.Python()),
            CallSyntax.NestedTags => _graph.Add(grammar, ArgumentSyntax.NestedTags(_texts.WithMarks(_form.SyntaxMark))),
            _ => _graph.Add(grammar),
        };
        return (piece, piece);
    }

    // Arguments are an object, whether the schema says so or not.
    private static JsonElement ObjectSchema(JsonElement schema)
    {
        JsonObject copy = schema.ValueKind == JsonValueKind.Object ? JsonObject.Create(schema.Clone())! : [];
        if (!copy.ContainsKey("type"))
        {
            copy["type"] = "object";
        }

        return JsonSerializer.SerializeToElement(copy);
    }

    private int Literal(string text) => _graph.AddLiteral(_texts.WithMarks(text));

    // A text in which a number may stand.
    private (int First, int Last) Text(string text)
    {
        int at = text.IndexOf(CallForm.Number, StringComparison.Ordinal);
        if (at < 0)
        {
            int only = Literal(text);
            return (only, only);
        }

        int before = Literal(text[..at]), number = _graph.Add(Grammar.FromRegex("[0-9]{1,4}"));
        int after = Literal(text[(at + CallForm.Number.Length)..]);
        _graph.Link(before, number);
        _graph.Link(number, after);
        return (before, after);
    }
}
