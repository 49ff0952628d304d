using System.Buffers;
using System.Collections;
using System.Text;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>Finds special tokens in text. The priority is the longest token first over the whole text, then the leftmost place;
/// the search walks a trie from every place where some token may begin.</summary>
internal sealed class SpecialTokenIndex
{
    private readonly Dictionary<char, int> _roots = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Entry> _entries = [];
    private readonly SearchValues<char> _starts;
    private readonly SearchValues<char> _visibleStarts;

    /// <summary>Indexes the special tokens of a vocabulary.</summary>
    /// <param name="vocabulary">The tokens, with corrected types.</param>
    /// <param name="stripsRight">Texts after which ASCII whitespace is dropped; null = none.</param>
    public SpecialTokenIndex(Vocabulary vocabulary, Func<string, bool>? stripsRight)
    {
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.TypeOf(id) is TokenType type and (TokenType.Control or TokenType.UserDefined or TokenType.Unknown))
            {
                string text = vocabulary.TextOf(id);
                _entries.Add(new Entry(id, text, Encoding.UTF8.GetByteCount(text), type == TokenType.UserDefined, vocabulary.IsMark(id),
                    stripsRight?.Invoke(text) ?? false));
            }
        }

        _entries.Sort(static (a, b) => a.Bytes != b.Bytes ? b.Bytes.CompareTo(a.Bytes) : a.Id.CompareTo(b.Id));
        for (int rank = 0; rank < _entries.Count; rank++)
        {
            Insert(_entries[rank].Text, rank);
        }

        _nodes.TrimExcess();
        _starts = SearchValues.Create([.. _entries.Select(entry => entry.Text[0]).Distinct()]);
        _visibleStarts = SearchValues.Create([.. _entries.Where(entry => entry.Visible).Select(entry => entry.Text[0]).Distinct()]);
    }

    public long ApproximateBytes => (20L * _nodes.Capacity) + (28L * _roots.Count) + _entries.Sum(entry => 64L + (2L * entry.Text.Length));

    /// <summary>Cuts text into tokens and the raw text between them; without <paramref name="parseSpecial"/> only user-defined
    /// tokens are recognised.</summary>
    public List<Fragment> Partition(string text, bool parseSpecial) => Partition(text, parseSpecial, []);

    /// <summary>As the other; tokens that are the model's own marks are not recognised where they reach into a plain range.</summary>
    public List<Fragment> Partition(string text, bool parseSpecial, IReadOnlyList<Range> plain)
    {
        var fragments = new List<Fragment>();
        int raw = 0;
        foreach (Fragment token in Choose(text, parseSpecial, PlainUnits(text, plain)))
        {
            if (token.Start > raw)
            {
                fragments.Add(new Fragment(raw, token.Start, -1));
            }

            fragments.Add(token);
            raw = token.End;
        }

        if (raw < text.Length)
        {
            fragments.Add(new Fragment(raw, text.Length, -1));
        }

        return fragments;
    }

    // Every place offers its longest token that still fits; the queue orders the offers by (rank, place). A place that lost room to an
    // earlier choice offers again, so memory stays proportional to the number of places.
    private List<Fragment> Choose(string text, bool parseSpecial, BitArray? plain)
    {
        var chosen = new List<Fragment>();
        var offers = new PriorityQueue<(int Start, int Rank), long>();
        SearchValues<char> starts = parseSpecial ? _starts : _visibleStarts;
        for (int start = text.AsSpan().IndexOfAny(starts); start >= 0;)
        {
            Offer(offers, text, start, text.Length, parseSpecial, plain);
            int next = text.AsSpan(start + 1).IndexOfAny(starts);
            start = next < 0 ? -1 : start + 1 + next;
        }

        if (offers.Count == 0)
        {
            return chosen;
        }

        var taken = new BitArray(text.Length);
        while (offers.TryDequeue(out (int Start, int Rank) offer, out _))
        {
            int end = offer.Start + _entries[offer.Rank].Text.Length;
            int free = offer.Start;
            while (free < end && !taken[free])
            {
                free++;
            }

            if (free < end)
            {
                Offer(offers, text, offer.Start, free, parseSpecial, plain);
                continue;
            }

            while (_entries[offer.Rank].StripsRight && end < text.Length && !taken[end] && text[end] is ' ' or (>= '\t' and <= '\r'))
            {
                end++;
            }

            for (int i = offer.Start; i < end; i++)
            {
                taken[i] = true;
            }

            chosen.Add(new Fragment(offer.Start, end, _entries[offer.Rank].Id));
        }

        chosen.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        return chosen;
    }

    private void Offer(PriorityQueue<(int Start, int Rank), long> offers, string text, int start, int end, bool parseSpecial,
        BitArray? plain)
    {
        int rank = -1;
        bool isPlain = false;
        int node = start < end && _roots.TryGetValue(text[start], out int root) ? root : -1;
        for (int i = start + 1; node >= 0; i++)
        {
            isPlain |= plain is not null && plain[i - 1];
            int here = _nodes[node].Rank;
            rank = here >= 0 && (isPlain ? _entries[here] is { Visible: true, IsMark: false } : parseSpecial || _entries[here].Visible)
                ? here : rank;
            node = i < end ? Child(node, text[i]) : -1;
        }

        if (rank >= 0)
        {
            offers.Enqueue((start, rank), ((long)rank << 32) | (uint)start);
        }
    }

    // A bit per UTF-16 unit; null without ranges.
    private static BitArray? PlainUnits(string text, IReadOnlyList<Range> ranges)
    {
        if (ranges.Count == 0)
        {
            return null;
        }

        var units = new BitArray(text.Length);
        foreach (Range range in ranges)
        {
            (int start, int length) = range.GetOffsetAndLength(text.Length);
            for (int i = start; i < start + length; i++)
            {
                units[i] = true;
            }
        }

        return units;
    }

    private int Child(int node, char c)
    {
        int child = _nodes[node].FirstChild;
        while (child >= 0 && _nodes[child].Character != c)
        {
            child = _nodes[child].NextSibling;
        }

        return child;
    }

    private void Insert(string text, int rank)
    {
        if (!_roots.TryGetValue(text[0], out int node))
        {
            node = _nodes.Count;
            _nodes.Add(new Node(text[0], -1, -1, -1));
            _roots.Add(text[0], node);
        }

        foreach (char c in text.AsSpan(1))
        {
            int child = Child(node, c);
            if (child < 0)
            {
                child = _nodes.Count;
                _nodes.Add(new Node(c, _nodes[node].FirstChild, -1, -1));
                _nodes[node] = _nodes[node] with { FirstChild = child };
            }

            node = child;
        }

        if (_nodes[node].Rank < 0)
        {
            _nodes[node] = _nodes[node] with { Rank = rank };
        }
    }

    /// <summary>A range of the text: a token, or raw text when <paramref name="Token"/> is -1. The range of a token includes stripped
    /// whitespace.</summary>
    internal readonly record struct Fragment(int Start, int End, int Token);

    private readonly record struct Node(char Character, int NextSibling, int FirstChild, int Rank);

    private readonly record struct Entry(int Id, string Text, int Bytes, bool Visible, bool IsMark, bool StripsRight);
}
