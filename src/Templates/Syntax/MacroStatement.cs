using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>What a macro uses besides its parameters.</summary>
[Flags]
internal enum MacroExtras
{
    None = 0,
    Varargs = 1,
    Kwargs = 2,
    Caller = 4,
}

/// <summary>A macro definition; executing it binds the name, calling it returns the text its body prints.</summary>
internal sealed class MacroStatement(
    int line, string name, List<(string Name, Expression? Default)> parameters, Statement[] body, MacroExtras extras)
    : Statement(line)
{
    public string Name => name;

    public IEnumerable<string> ParameterNames => parameters.Select(p => p.Name);

    public MacroExtras Extras => extras;

    public Value Call(RenderState state, MacroValue macro, Arguments arguments)
    {
        var caller = state.Scope;
        int callerLine = state.Line;
        state.EnterMacro();
        state.Scope = new Scope(macro.Closure);
        Bind(state, arguments);
        state.BeginCapture();
        ExecuteAll(state, body);
        var text = state.EndCapture();
        state.Scope = caller;
        state.Line = callerLine;
        state.LeaveMacro();
        return text;
    }

    protected override Flow Run(RenderState state)
    {
        state.Scope.Set(name, new MacroValue(this, state.Scope));
        return Flow.Next;
    }

    private void Bind(RenderState state, Arguments arguments)
    {
        var named = new Dictionary<string, Value>(arguments.Named, StringComparer.Ordinal);
        for (int i = 0; i < parameters.Count; i++)
        {
            var (parameter, fallback) = parameters[i];
            bool isNamed = named.Remove(parameter, out var value);
            if (i < arguments.Positional.Count)
            {
                value = isNamed ? throw state.Error($"macro '{name}' got multiple values for argument '{parameter}'")
                    : arguments.Positional[i];
            }

            value ??= fallback?.Evaluate(state) ?? new UndefinedValue($"parameter '{parameter}'");
            state.Scope.Set(parameter, value);
        }

        BindRest(state, arguments, named);
    }

    private void BindRest(RenderState state, Arguments arguments, Dictionary<string, Value> named)
    {
        if (extras.HasFlag(MacroExtras.Caller) && !parameters.Exists(x => x.Name == "caller"))
        {
            state.Scope.Set("caller", named.Remove("caller", out var caller) ? caller
                : new UndefinedValue("'caller' (the macro is not called by a call block)"));
        }

        if (extras.HasFlag(MacroExtras.Varargs))
        {
            state.Scope.Set("varargs", new TupleValue([.. arguments.Positional.Skip(parameters.Count)]));
        }
        else if (arguments.Positional.Count > parameters.Count)
        {
            throw state.Error($"macro '{name}' takes not more than {parameters.Count} argument(s)");
        }

        if (extras.HasFlag(MacroExtras.Kwargs))
        {
            var rest = new DictValue();
            foreach (var (key, value) in named)
            {
                rest.Set(key, value);
            }

            state.Scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw state.Error($"macro '{name}' takes no keyword argument '{named.Keys.First()}'");
        }
    }
}
