using LayerStream.Models.Decoding;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Drafts;

/// <summary>
/// What the draft model knows of the sequence at a seat: the tokens it has read, its own guesses among them, and the one it drew behind
/// them. Tokens that turn out wrong are cut. Whatever fails here ends the guesses of the sequence, and nothing else.
/// </summary>
internal sealed class DraftSeat(DraftModel model, SequenceState state, int vocabulary) : IDrafter
{
    private const int MostAhead = 2 * DraftGate.MostDrafts;
    private const float LeastShare = 16; // tokens farther below the likeliest count for nothing

    // By the share that the model gives to its likeliest token; a draw of another one is a guess of the lowest class.
    private static readonly double[] s_classes = [0, 0.3, 0.6, 0.9];

    private readonly List<int> _tokens = []; // that the state stands behind
    private readonly List<int> _levels = []; // how sure it was of each of them, 0 = it is of the history
    private int _nextLevel;
    private IReadOnlyList<int> _history = [];
    private DraftDraws? _draws;
    private Func<bool> _isCancelled = () => false;
    private UInt128? _scope;
    private int _agreed;     // tokens at the beginning that are known to be those of the history
    private int _next = -1;  // the guess behind the last token; −1 = none was drawn
    private int _saved = -1; // tokens that the copy of a recurrent state stands behind; −1 = there is none
    private volatile bool _isActive;
    private volatile bool _rests;

    /// <inheritdoc/>
    public DraftKind Kind => DraftKind.Model;

    internal SequenceState State => state;

    /// <summary>Tokens read.</summary>
    internal int Count => _tokens.Count;

    /// <summary>What it failed with, or null.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Whether it goes on guessing while the others are verified; else it only reads what has been decided.</summary>
    internal bool RunsAhead { get; set; }

    /// <summary>Tokens of the history that it has not read.</summary>
    internal int Missing => Math.Max(0, _history.Count - _tokens.Count);

    /// <summary>Guesses behind the history.</summary>
    private int Ahead => _tokens.Count < _history.Count ? 0 : _tokens.Count - _history.Count + (_next < 0 ? 0 : 1);

    /// <summary>A sequence takes the seat.</summary>
    /// <param name="scope">Who asks: what was read for the same is not read again.</param>
    /// <param name="history">Its tokens, which grow as it goes on.</param>
    /// <param name="draws">How it draws; null = the likeliest token is its guess.</param>
    /// <param name="isCancelled">Whether nobody waits for it any more.</param>
    internal void Begin(UInt128? scope, IReadOnlyList<int> history, DraftDraws? draws, Func<bool> isCancelled)
    {
        model.Settle();
        if (scope is null || scope != _scope)
        {
            Cut(0);
        }

        (_scope, _history, _draws, _isCancelled, _agreed, Failure) = (scope, history, draws, isCancelled, 0, null);
        state.Restart();
        Agree();
        _next = -1; // it was drawn for another sequence
        (RunsAhead, _rests, _isActive) = (false, false, true);
    }

    /// <summary>A sequence leaves.</summary>
    internal void End(IReadOnlyList<int> history)
    {
        if (ReferenceEquals(history, _history))
        {
            _isActive = false;
        }
    }

    /// <inheritdoc/>
    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        model.Settle();
        Agree();
        (RunsAhead, _rests) = (true, false);
        while (_isActive && Ahead < drafts.Length && !_isCancelled() && model.Read(this))
        {
        }

        int count = _isActive ? Math.Min(Ahead, drafts.Length) : 0;
        for (int i = 0; i < count; i++)
        {
            drafts[i] = _history.Count + i < _tokens.Count ? _tokens[_history.Count + i] : _next;
        }

        return count;
    }

    /// <inheritdoc/>
    public int Sureness(int guess) => _history.Count + guess < _tokens.Count ? _levels[_history.Count + guess] : _nextLevel;

    /// <summary>No guesses are wanted in the next pass: it does not even read what is decided, unless some are wanted soon.</summary>
    internal void Rest(bool untilSoon) => (RunsAhead, _rests) = (false, !untilSoon);

    /// <summary>Reads what it does not know of the history yet.</summary>
    internal void CatchUp() => Propose(_history, stackalloc int[1]);

    /// <summary>Fills the tokens that are to be read next: of the history, or the newest guess.</summary>
    /// <returns>Their number; 0 = none.</returns>
    internal int Wanted(Span<int> tokens)
    {
        if (!_isActive || _rests)
        {
            return 0;
        }

        if (_tokens.Count >= _history.Count)
        {
            if (_next < 0 || !RunsAhead || Ahead > MostAhead || _tokens.Count >= state.Context)
            {
                return 0;
            }

            Save();
            tokens[0] = _next;
            return 1;
        }

        int count = Math.Min(tokens.Length, _history.Count - _tokens.Count);
        for (int i = 0; i < count; i++)
        {
            tokens[i] = _history[_tokens.Count + i];
            if (tokens[i] >= vocabulary)
            {
                _isActive = false; // the draft model has no such row
                return 0;
            }
        }

        return count;
    }

    /// <summary>Tokens have been read.</summary>
    /// <returns>Whether the logits behind them are wanted.</returns>
    internal bool EndRead(ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
        {
            _levels.Add(_tokens.Count < _history.Count ? 0 : _nextLevel);
            _tokens.Add(token);
        }

        _next = -1;
        if (state.Fault is { } fault)
        {
            throw fault;
        }

        return _isActive && _tokens.Count >= _history.Count;
    }

    /// <summary>Draws the guess behind the last token.</summary>
    internal void Draw(Span<float> logits)
    {
        (int likeliest, double share) = Likeliest(logits);
        _next = likeliest;
        if (_draws is { } draws)
        {
            if (_tokens.Count == _history.Count)
            {
                draws.Begin();
            }

            _next = draws.Draw(logits, _tokens);
        }

        _nextLevel = _next != likeliest ? 1 : s_classes.Count(least => share >= least);
    }

    /// <summary>No more guesses for this sequence.</summary>
    internal void Fail(Exception failure)
    {
        (Failure, _isActive) = (failure, false);
        (_agreed, _next, _saved) = (0, -1, -1);
        _tokens.Clear();
        _levels.Clear();
    }

    /// <summary>The likeliest token, and the share that it has before anything is cut off.</summary>
    private static (int Token, double Share) Likeliest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            float below = logit - logits[best];
            sum += below > -LeastShare ? MathF.Exp(below) : 0;
        }

        return (best, sum > 0 ? 1 / sum : 0);
    }

    /// <summary>Compares what was read with how the sequence went on, and cuts what is wrong.</summary>
    private void Agree()
    {
        int most = Math.Min(_tokens.Count, _history.Count);
        while (_agreed < most && _tokens[_agreed] == _history[_agreed])
        {
            _agreed++;
        }

        if (_agreed < most)
        {
            Cut(_agreed);
        }
        else if (_tokens.Count < _history.Count)
        {
            _next = -1; // its place has been drawn for
        }
        else if (_next < 0 && _tokens.Count > 0 && _tokens.Count == _history.Count && !state.IsRecurrent)
        {
            Cut(_tokens.Count - 1); // read again for its logits
        }
    }

    /// <summary>Keeps the first tokens only, or fewer where a recurrent state was not copied behind them.</summary>
    private void Cut(int tokens)
    {
        if (tokens < _tokens.Count && state.IsRecurrent)
        {
            tokens = _saved >= 0 && _saved <= tokens ? _saved : 0;
            if (tokens > 0)
            {
                state.RestoreSnapshot(0);
            }
        }

        _saved = _saved > tokens ? -1 : _saved;
        _levels.RemoveRange(tokens, _tokens.Count - tokens);
        _tokens.RemoveRange(tokens, _tokens.Count - tokens);
        (_agreed, _next) = (Math.Min(_agreed, tokens), -1);
    }

    /// <summary>Copies a recurrent state where it stands behind tokens that are right.</summary>
    private void Save()
    {
        if (state.IsRecurrent && _tokens.Count == _history.Count && _saved != _tokens.Count)
        {
            state.TakeSnapshot(0);
            _saved = _tokens.Count;
        }
    }
}
