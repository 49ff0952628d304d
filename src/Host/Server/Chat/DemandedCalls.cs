using LayerStream.Host.Server.Http;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session;
using LayerStream.Session.Calls;

namespace LayerStream.Host.Server.Chat;

/// <summary>Calls whose arguments must be valid: the answer is held to a grammar of the model's form of calls.</summary>
internal static class DemandedCalls
{
    /// <summary>Gives the request its grammar, if it asks for valid calls. A model whose form cannot be held to a grammar answers without,
    /// and its strict tools are named as loose.</summary>
    /// <exception cref="ApiException">400: a schema that must be held to cannot be.</exception>
    public static void Hold(ChatRequest request, AnswerOpening opening, LoadedModel model)
    {
        if (!request.HoldsCalls)
        {
            return;
        }

        if (opening.Format.CallForm is not { } form)
        {
            request.LooseTools = request.CallableTools.Where(t => t.IsStrict).Select(t => t.Name).ToHashSet();
            return;
        }

        try
        {
            CallRules rules = new(request.CallableTools, opening.Begun is not null, request.AllowsSeveralCalls, request.Grammar);
            Grammar grammar = CallGrammar.Build(opening.Format, model.TokenTexts, request.Tools, rules);
            request.LooseTools = rules.Loose;
            request.Grammar = opening.Begun is { } begun ? grammar.After(model.TokenTexts.WithMarks(begun))
                ?? throw new InvalidOperationException($"The form of '{opening.Format.Name}' does not begin as it says.") : grammar;
            request.Thought = rules.IsDemanded || rules.Otherwise is null || form.AnswerSign is not null ? null : request.Thought;
        }
        catch (GrammarException e)
        {
            throw ApiException.Invalid("tools", $"'tools': {e.Message}",
                e.Fault == GrammarFault.Unsupported ? "unsupported_schema" : "invalid_schema");
        }
    }
}
