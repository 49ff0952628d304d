using LayerStream.Models.Decoding;

namespace LayerStream.Planning.Batches;

/// <summary>
/// Which pieces of states are kept, and which of them serve a prompt. Pages hang on the full page in front of them, so that what begins
/// alike is kept once. Those go first that were used longest ago, and of one use those farthest from the root. Pure: no clock, no I/O.
/// </summary>
public sealed class KeptPieces
{
    /// <summary>Tokens of a full page: those that attention takes as a block.</summary>
    public const int PageTokens = PageLayout.Tokens;

    private const int MostCompared = 32; // pages behind one parent whose tokens are looked at, the newest

    private readonly Dictionary<UInt128, List<KeptPiece>> _children = [];
    private readonly Dictionary<(KeptKind, UInt128), KeptPiece> _pieces = [];

    /// <summary>Bytes of all pieces.</summary>
    public long Bytes { get; private set; }

    /// <summary>Number of pieces.</summary>
    public int Count => _pieces.Count;

    /// <summary>Whether there is a piece of this kind and name.</summary>
    public bool Contains(KeptKind kind, UInt128 name) => _pieces.ContainsKey((kind, name));

    /// <summary>The piece of this kind and name; null when there is none.</summary>
    public KeptPiece? Find(KeptKind kind, UInt128 name) => _pieces.GetValueOrDefault((kind, name));

    /// <summary>Adds a piece; one of the same kind and name is replaced.</summary>
    public void Add(KeptPiece piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (_pieces.TryGetValue((piece.Kind, piece.Name), out KeptPiece? old))
        {
            Remove(old);
        }

        _pieces[(piece.Kind, piece.Name)] = piece;
        if (!_children.TryGetValue(piece.Parent, out List<KeptPiece>? siblings))
        {
            _children[piece.Parent] = siblings = [];
        }

        siblings.Add(piece);
        Bytes += piece.Bytes;
    }

    /// <summary>Takes a piece away.</summary>
    public void Remove(KeptPiece piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (!_pieces.Remove((piece.Kind, piece.Name)))
        {
            return;
        }

        Bytes -= piece.Bytes;
        List<KeptPiece> siblings = _children[piece.Parent];
        siblings.Remove(piece);
        if (siblings.Count == 0)
        {
            _children.Remove(piece.Parent);
        }
    }

    /// <summary>The piece that is worth least; null when there is none.</summary>
    public KeptPiece? Least() => _pieces.Values.MinBy(p => (p.LastUse, -p.First, p.Kind == KeptKind.Page ? 1 : 0));

    /// <summary>The pages of the conversation that was used last, in order; empty when there is none that is whole.</summary>
    public IReadOnlyList<KeptPiece> Newest()
    {
        List<KeptPiece> pages = [];
        KeptPiece? page = _pieces.Values.Where(p => p.Kind == KeptKind.Page).MaxBy(p => (p.LastUse, p.End));
        while (page is not null)
        {
            pages.Insert(0, page);
            KeptPiece? parent = Find(KeptKind.Page, page.Parent);
            page = parent?.First < page.First ? parent : null; // whatever names of files say
        }

        return pages is [{ First: 0 }, ..] ? pages : [];
    }

    /// <summary>Pages that a longer one behind the same parent makes superfluous.</summary>
    /// <param name="parent">Their parent.</param>
    /// <param name="tokens">Tokens of the longer page.</param>
    /// <param name="name">Gives the name of tokens behind a parent.</param>
    public IReadOnlyList<KeptPiece> Superseded(UInt128 parent, IReadOnlyList<int> tokens, Func<UInt128, IReadOnlyList<int>, UInt128> name)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(name);
        return _children.TryGetValue(parent, out List<KeptPiece>? pieces)
            ? [.. pieces.Where(p => p.Kind == KeptKind.Page && p.Count < tokens.Count && p.Name == name(parent, [.. tokens.Take(p.Count)]))]
            : [];
    }

    /// <summary>The pieces that spare a prompt most; never all of it, because its last token's logits are wanted.</summary>
    /// <param name="root">Name of what stands in front of every prompt of this model and owner.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="isRecurrent">Whether a snapshot is needed to go on.</param>
    /// <param name="least">Tokens that are spared without: pages that cannot spare more are not looked at.</param>
    /// <param name="name">Gives the name of tokens behind a parent.</param>
    /// <param name="tokens">Gives the tokens of a piece; null when they cannot be read.</param>
    public KeptPath Find(UInt128 root, IReadOnlyList<int> prompt, bool isRecurrent, int least,
        Func<UInt128, IReadOnlyList<int>, UInt128> name, Func<KeptPiece, IReadOnlyList<int>?> tokens)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(tokens);
        List<KeptPiece> pages = [], snapshots = [];
        int at = 0, most = prompt.Count - 1;
        UInt128 parent = root;
        while (_children.TryGetValue(parent, out List<KeptPiece>? behind))
        {
            IReadOnlyList<int> Next(int count) => new ArraySegment<int>([.. prompt.Skip(at).Take(count)]);
            snapshots.AddRange(behind.Where(p => p.Kind == KeptKind.Snapshot && p.End <= most && p.Name == name(parent, Next(p.Count))));
            if (at + PageTokens <= most && _pieces.TryGetValue((KeptKind.Page, name(parent, Next(PageTokens))), out KeptPiece? full))
            {
                pages.Add(full);
                (at, parent) = (at + PageTokens, full.Name);
                continue;
            }

            if (Longest(behind.Where(p => p.Kind == KeptKind.Page && at + Math.Min(p.Count, most - at) > least), prompt, at, most, tokens)
                is { Common: > 0 } last)
            {
                pages.Add(last.Page);
                at += last.Common;
            }

            break;
        }

        KeptPiece? snapshot = snapshots.Where(s => s.End <= at).MaxBy(s => s.End);
        int reached = isRecurrent ? snapshot?.End ?? 0 : at;
        return reached <= least ? KeptPath.None : new KeptPath([.. pages.Where(p => p.First < reached)], isRecurrent ? snapshot : null,
            reached);
    }

    private static (KeptPiece Page, int Common)? Longest(IEnumerable<KeptPiece> pages, IReadOnlyList<int> prompt, int at, int most,
        Func<KeptPiece, IReadOnlyList<int>?> tokens)
    {
        (KeptPiece, int)? best = null;
        int longest = 0;
        foreach (KeptPiece page in pages.OrderByDescending(p => p.LastUse).Take(MostCompared))
        {
            IReadOnlyList<int> own = tokens(page) ?? [];
            int common = 0;
            while (common < own.Count && at + common < most && own[common] == prompt[at + common])
            {
                common++;
            }

            if (common > longest)
            {
                (best, longest) = ((page, common), common);
            }
        }

        return best;
    }
}
