using LayerStream.Sampling.Grammars.Joined;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Grammars.Translated;

namespace LayerStream.Sampling.Grammars;

/// <summary>Puts a grammar together from pieces that follow each other along links.</summary>
public sealed class GrammarGraph
{
    private readonly List<(GrammarState Start, List<int> Behind)> _pieces = [];
    private readonly HashSet<int> _ends = [];

    /// <summary>Adds texts of a grammar; returns the piece's number.</summary>
    public int Add(Grammar grammar) => Add(grammar.Start);

    /// <summary>Adds some bytes.</summary>
    public int AddLiteral(byte[] bytes) => Add(LiteralState.Of(bytes));

    /// <summary>Adds texts that say in another form what a grammar of JSON accepts.</summary>
    /// <exception cref="GrammarException">Nothing can be written so.</exception>
    public int Add(Grammar json, ArgumentSyntax syntax) => Add(syntax.Over(json.Start)
        ?? throw new GrammarException(GrammarFault.Empty, "arguments", "No arguments can be written in the form of the model's calls."));

    /// <summary>Adds any text without certain marks, the empty one too.</summary>
    /// <param name="marks">The marks.</param>
    /// <param name="barsBrace">Whether the first character that is no white space may not be a brace.</param>
    public int AddFree(IReadOnlyList<byte[]> marks, bool barsBrace = false) =>
        Add(MarkedText.Start(marks, new MarkedTextOptions(-1, barsBrace, -1)));

    /// <summary>Adds any text up to the first of some marks, which must be a certain one.</summary>
    /// <param name="marks">The marks.</param>
    /// <param name="end">Number of the mark that must come.</param>
    /// <param name="isText">Whether mark tokens may come as part of that mark only.</param>
    public int AddUntil(IReadOnlyList<byte[]> marks, int end, bool isText) =>
        Add(MarkedText.Start(marks, new MarkedTextOptions(end, false, isText ? TokenTexts.MarkByte : -1)));

    /// <summary>A piece may follow another.</summary>
    public void Link(int from, int to) => _pieces[from].Behind.Add(to);

    /// <summary>The text may end behind a piece.</summary>
    public void End(int piece) => _ends.Add(piece);

    /// <summary>The grammar, which begins with any of some pieces.</summary>
    public Grammar Build(IEnumerable<int> first) => Grammar.From(
        new JoinedText([.. _pieces.Select((p, i) => new JoinedPiece(p.Start, p.Behind, _ends.Contains(i)))]).Start(first)
            ?? throw new ArgumentException("A grammar needs a first piece.", nameof(first)));

    private int Add(GrammarState start)
    {
        _pieces.Add((start, []));
        return _pieces.Count - 1;
    }
}
