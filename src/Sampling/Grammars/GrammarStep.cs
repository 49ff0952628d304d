using System.Numerics;
using LayerStream.Sampling.Grammars.Masks;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars;

/// <summary>
/// Masks the tokens that lead to no text of a grammar. It follows the history by itself: a token more is taken, tokens that went
/// away again (drafts that were not accepted) are taken back. End tokens may come only where the text is accepted, control tokens
/// never. Near the most tokens of the answer those tokens are masked, too, behind which it could not be ended any more. For one sequence.
/// </summary>
public sealed class GrammarStep : ISamplerStep
{
    private const int BytesPerForcedToken = 16; // a guess needs no more

    private readonly Grammar _grammar;
    private readonly TokenTexts _texts;
    private readonly TokenCount _count;
    private readonly int _mostTokens;
    private readonly byte[] _thoughtEnd;
    private readonly int _thoughtToken;
    private readonly MaskBuilder _builder;
    private readonly ulong[] _mask;
    private readonly List<(int Token, Place Place)> _places = [];
    private readonly Place _first;
    private int _begin = -1;
    private int _lookAt = int.MaxValue; // tokens left with which the distance from an end matters again
    private int _lookedAt; // places there were when it was last worked out
    private int _growth;

    /// <summary>A step of one sequence.</summary>
    /// <param name="grammar">The texts allowed.</param>
    /// <param name="texts">The vocabulary.</param>
    /// <param name="thought">The thought before the answer: up to its end anything goes but an end token; null = there is none.</param>
    /// <param name="mostTokens">Tokens that the answer may have: while it can still be ended within them, it stays so.</param>
    public GrammarStep(Grammar grammar, TokenTexts texts, AnswerThought? thought = null, int mostTokens = int.MaxValue)
    {
        _grammar = grammar;
        _texts = texts;
        _count = texts.Trie.CountOf;
        _mostTokens = mostTokens;
        _thoughtEnd = thought?.End ?? [];
        _thoughtToken = thought is { IsOpen: false } ? thought.BeginToken : -1;
        _builder = new MaskBuilder(texts.Trie, texts.Count);
        _mask = new ulong[_builder.Words];
        _first = new Place(thought is { IsOpen: true } ? null : grammar.Start, []);
    }

    /// <inheritdoc/>
    public string Name => "grammar";

    /// <summary>Whether the answer so far is accepted; null while the thought goes on.</summary>
    public bool? IsAccepting => Current.State?.IsAccepting;

    private Place Current => _places.Count == 0 ? _first : _places[^1].Place;

    /// <summary>The bytes that must come, whatever is drawn: as long as there is one continuation only, and up to a limit.</summary>
    public byte[] Forced(int mostBytes)
    {
        List<byte> bytes = [];
        GrammarState? state = Current.State;
        while (state is { IsAccepting: false } && bytes.Count < mostBytes && Only(state) is byte only)
        {
            bytes.Add(only);
            state = state.Next(only);
        }

        return [.. bytes];
    }

    /// <summary>Tokens of the bytes that must come, the longest at each place: other tokens may stand for the same bytes.</summary>
    /// <param name="tokens">Filled from its start.</param>
    /// <returns>Number of tokens; 0 = there is a choice.</returns>
    public int ForcedTokens(Span<int> tokens)
    {
        ReadOnlySpan<byte> bytes = Forced(tokens.Length * BytesPerForcedToken);
        int count = 0;
        while (count < tokens.Length && !bytes.IsEmpty && _texts.Trie.LongestPrefix(bytes) is { Length: > 0 } token)
        {
            tokens[count++] = token.Id;
            bytes = bytes[token.Length..];
        }

        return count;
    }

    /// <inheritdoc/>
    public void Apply(SamplerContext context)
    {
        Follow(context.History);
        Span<float> logits = context.Logits;
        if (Current.State is not { } state)
        {
            Mask(logits, _texts.Ends);
            return;
        }

        _builder.Fill(state, _mask);
        Bound(state, _mostTokens - (context.History.Count - _begin));
        foreach (int end in _texts.Ends)
        {
            ulong bit = 1UL << (end % 64);
            _mask[end / 64] = state.IsAccepting ? _mask[end / 64] | bit : _mask[end / 64] & ~bit;
        }

        if (_places.Count == 0 && _thoughtToken >= 0)
        {
            _mask[_thoughtToken / 64] |= 1UL << (_thoughtToken % 64);
        }

        Mask(logits[..Math.Min(logits.Length, _texts.Count)], _mask);
        logits[Math.Min(logits.Length, _texts.Count)..].Fill(float.NegativeInfinity);
    }

    /// <summary>Takes the tokens over that were accepted since the last call.</summary>
    /// <param name="history">Prompt and answer so far.</param>
    /// <exception cref="InvalidOperationException">A token was accepted that was masked.</exception>
    public void Follow(IReadOnlyList<int> history)
    {
        _begin = _begin < 0 ? history.Count : _begin;
        int length = history.Count - _begin;
        while (_places.Count > 0 && (_places.Count > length || _places[^1].Token != history[_begin + _places.Count - 1]))
        {
            _places.RemoveAt(_places.Count - 1);
        }

        _lookAt = _places.Count < _lookedAt ? int.MaxValue : _lookAt;
        while (_places.Count < length)
        {
            int token = history[_begin + _places.Count];
            _places.Add((token, _texts.Ends.Contains(token) ? Current : Advance(Current, token)));
        }
    }

    // An answer that may not be long enough for any end goes on as it would.
    private void Bound(GrammarState state, int left)
    {
        if (_mostTokens == int.MaxValue || (left > _lookAt && state.Growth == _growth))
        {
            return; // no text could have come near its limit yet
        }

        TextEnding? found = state.Ending(_count);
        (_lookedAt, _lookAt, _growth) = (_places.Count, int.MaxValue, state.Growth);
        if (found is not { } ending)
        {
            return;
        }

        long room = left - (long)ending.Tokens - ending.Growth;
        if (room > 0)
        {
            _lookAt = (int)(left - 1 - ((room - 1) / (ending.Growth + 1L))); // each token takes one, and its growth
        }
        else if (ending.Tokens <= left)
        {
            int forEnd = ending.Tokens < left ? 1 : 0; // the end token wants one too
            _builder.Bound(state, _mask, left - 1 - forEnd, canBeNone: state.IsAccepting);
        }
    }

    private Place Advance(Place place, int token)
    {
        if (_places.Count == 0 && token == _thoughtToken)
        {
            return new Place(null, _texts.TextOf(token)); // what ends the thought may begin with the same token
        }

        if (place.State is not null)
        {
            return place with { State = Take(place.State, _texts.BytesOf(token), token) };
        }

        byte[] thought = [.. place.Thought, .. _texts.TextOf(token)];
        int end = thought.AsSpan().IndexOf(_thoughtEnd);
        if (end < 0)
        {
            return place with { Thought = thought.Length < _thoughtEnd.Length ? thought : thought[^(_thoughtEnd.Length - 1)..] };
        }

        // White space that comes in one token with the mark belongs to neither.
        ReadOnlySpan<byte> rest = thought.AsSpan(end + _thoughtEnd.Length).TrimStart(" \n\r\t"u8);
        return new Place(Take(_grammar.Start, rest, token), []);
    }

    private static GrammarState Take(GrammarState state, ReadOnlySpan<byte> bytes, int token)
    {
        foreach (byte b in bytes)
        {
            state = state.Next(b) ?? throw new InvalidOperationException($"Token {token} leads out of the grammar.");
        }

        return state;
    }

    private static byte? Only(GrammarState state)
    {
        byte? only = null;
        for (int b = 0; b < 256; b++)
        {
            if (state.Next((byte)b) is not null)
            {
                if (only is not null)
                {
                    return null;
                }

                only = (byte)b;
            }
        }

        return only;
    }

    private static void Mask(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        for (int word = 0; word * 64 < logits.Length; word++)
        {
            Span<float> part = logits.Slice(word * 64, Math.Min(64, logits.Length - (word * 64)));
            if (allowed[word] == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (ulong masked = ~allowed[word]; masked != 0; masked &= masked - 1)
            {
                int place = BitOperations.TrailingZeroCount(masked);
                if (place >= part.Length)
                {
                    break;
                }

                part[place] = float.NegativeInfinity;
            }
        }
    }

    private static void Mask(Span<float> logits, IReadOnlySet<int> ids)
    {
        foreach (int id in ids)
        {
            if ((uint)id < (uint)logits.Length)
            {
                logits[id] = float.NegativeInfinity;
            }
        }
    }

    // State is null while the thought goes on; then its last bytes are kept.
    private sealed record Place(GrammarState? State, byte[] Thought);
}
