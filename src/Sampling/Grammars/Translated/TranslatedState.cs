using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>One way to understand a text in a form that is no JSON.</summary>
/// <param name="Place">Where it stands in its form.</param>
/// <param name="Json">Where the same stands in JSON.</param>
internal readonly record struct TranslatedThread(Place Place, GrammarState Json);

/// <summary>A text in a form that is no JSON, held to a grammar of JSON: every byte moves on in the form, and what it says moves on in the
/// grammar. JSON is said as soon as the first byte of what says it has come, so that a way that can be ended stays open.</summary>
internal sealed class TranslatedState : GrammarState
{
    private readonly ArgumentSyntax _syntax;
    private readonly TranslatedThread[] _threads;

    private TranslatedState(ArgumentSyntax syntax, TranslatedThread[] threads) => (_syntax, _threads) = (syntax, threads);

    /// <inheritdoc/>
    public override bool IsAccepting => Array.Exists(_threads, t => t.Place is EndPlace && t.Json.IsAccepting);

    /// <inheritdoc/>
    internal override LocalState? Local => _threads is [{ Place: TextPlace text, Json.Local: { } inside }]
        ? _syntax.Texts.Of(text.Code, text.Mode, inside) : null;

    /// <summary>The state at a place; null when nothing can follow.</summary>
    public static TranslatedState? Of(ArgumentSyntax syntax, Place place, GrammarState json)
    {
        List<TranslatedThread> threads = [];
        Enter(syntax, new TranslatedThread(place, json), threads);
        return threads.Count == 0 ? null : new TranslatedState(syntax, [.. threads]);
    }

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        List<TranslatedThread> threads = [];
        foreach (TranslatedThread thread in _threads)
        {
            Take(thread, value, threads);
        }

        return threads.Count == 0 ? null : new TranslatedState(_syntax, [.. threads]);
    }

    /// <inheritdoc/>
    internal override GrammarState? Leave(LocalState exit) =>
        _threads[0].Json.Leave(((CodedText)exit).Inside) is { } json ? Of(_syntax, ((TextPlace)_threads[0].Place).Next, json) : null;

    private void Take(TranslatedThread thread, byte value, List<TranslatedThread> threads)
    {
        GrammarState json = thread.Json;
        switch (thread.Place)
        {
            case LiteralPlace literal when literal.Bytes[literal.At] == value:
                Place behindByte = literal.At + 1 < literal.Bytes.Length ? literal with { At = literal.At + 1 } : literal.Next;
                Enter(_syntax, thread with { Place = behindByte }, threads);
                break;
            case TextPlace text when CodedStep.Take(text.Code, text.Mode, value, json, static (s, b) => s.Next(b)) is { } next:
                Place inText = next.Mode == TextCode.End ? text.Next : text with { Mode = next.Mode };
                Enter(_syntax, new TranslatedThread(inText, next.State), threads);
                break;
            case NamePlace { Name.Length: > 0 } name when value == name.End:
                Feed("\":"u8, _syntax.Named(name));
                break;
            case NamePlace name when value != name.End && ArgumentSyntax.MayName(value):
                Feed(name.Name.Length > 0 ? [value] : [(byte)'"', value], name with { Name = name.Name + (char)value });
                break;
            case NumberPlace number when ArgumentSyntax.IsOfNumber(value):
                Feed([value], number with { HasBegun = true });
                break;
            case NumberPlace { HasBegun: true } number:
                List<TranslatedThread> behind = [];
                Enter(_syntax, thread with { Place = number.Next }, behind);
                behind.ForEach(t => Take(t, value, threads)); // once: no number follows on a number
                break;
            case ForkPlace fork:
                foreach (Move move in _syntax.Moves(fork).Where(m => m.Written.Length > 0 && m.Written[0] == value))
                {
                    Feed(move.Json, move.Written.Length > 1 ? new LiteralPlace(move.Written, 1, move.Next) : move.Next);
                }

                break;
        }

        void Feed(ReadOnlySpan<byte> bytes, Place place)
        {
            if (CodedStep.Feed(json, bytes, static (s, b) => s.Next(b)) is { } next)
            {
                Enter(_syntax, new TranslatedThread(place, next), threads);
            }
        }
    }

    // The thread with those that moves without bytes lead to.
    private static void Enter(ArgumentSyntax syntax, TranslatedThread thread, List<TranslatedThread> threads)
    {
        threads.Add(thread);
        if (thread.Place is not ForkPlace fork)
        {
            return;
        }

        foreach (Move move in syntax.Moves(fork).Where(m => m.Written.Length == 0))
        {
            if (CodedStep.Feed(thread.Json, move.Json, static (s, b) => s.Next(b)) is { } json)
            {
                threads.Add(new TranslatedThread(move.Next, json));
            }
        }
    }
}
