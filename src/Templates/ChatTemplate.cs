using LayerStream.Templates.Runtime;
using LayerStream.Templates.Syntax;

namespace LayerStream.Templates;

/// <summary>
/// A parsed chat template (Jinja subset as used by real models; docs: shared fact sheet "chat templates"). Immutable and
/// usable by several threads. Templates are untrusted: size, nesting, steps, text and time are limited.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;
    private readonly TemplateLimits _limits;
    private readonly Lazy<TemplateCapabilities> _capabilities;

    private ChatTemplate(string source, Statement[] body, TemplateLimits limits)
    {
        Source = source;
        _body = body;
        _limits = limits;
        _capabilities = new(() => TemplateCapabilities.Probe(this));
    }

    /// <summary>The template text.</summary>
    public string Source { get; }

    /// <summary>What the template can render, found out by rendering tiny conversations at the first use.</summary>
    public TemplateCapabilities Capabilities => _capabilities.Value;

    /// <summary>Parses a template. Errors: <see cref="TemplateSyntaxException"/> with the line.</summary>
    public static ChatTemplate Parse(string source) => Parse(source, TemplateLimits.Default);

    internal static ChatTemplate Parse(string source, TemplateLimits limits)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > limits.TemplateLength)
        {
            throw new TemplateSyntaxException($"the template has {source.Length} characters, more than {limits.TemplateLength}", 1);
        }

        return new ChatTemplate(source, TemplateParser.Parse(source), limits);
    }

    /// <summary>
    /// The prompt text. Errors: <see cref="TemplateException"/> when the template refuses the conversation
    /// (<see cref="TemplateException.RaisedByTemplate"/>), uses a value wrongly, or exceeds a limit.
    /// </summary>
    public string Render(TemplateVariables variables) => RenderPrompt(variables).Text;

    /// <summary>
    /// As <see cref="Render"/>, with the account of what comes from the conversation: everything in the variables but the tokens
    /// (<c>bos_token</c> and the like), followed through filters, methods, macros and captured blocks.
    /// </summary>
    public RenderedPrompt RenderPrompt(TemplateVariables variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        var globals = new Scope(null);
        long units = 0;
        foreach (var (name, value) in variables.Values)
        {
            globals.Set(name, TemplateVariables.IsToken(name) ? JsonValues.Copy(value) : JsonValues.CopyAsMessage(value));
            units += JsonValues.Size(value);
        }

        var now = variables.Now;
        var state = new RenderState(_limits.ForInput(units), globals, () => now ?? DateTime.Now);
        Statement.ExecuteAll(state, _body);
        return RenderedPrompt.From(state.Output);
    }
}
