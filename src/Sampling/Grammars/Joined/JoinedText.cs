using System.Runtime.CompilerServices;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>Texts put together from the texts of pieces, one behind the other along the links between them. For one sequence at a
/// time.</summary>
internal sealed class JoinedText(IReadOnlyList<JoinedPiece> pieces)
{
    private const int MostStates = 1_000;

    private readonly Dictionary<JoinedThread[], JoinedState> _shared = new(new ThreadComparer());

    /// <summary>The state in front of the first pieces; null when there are none.</summary>
    public JoinedState? Start(IEnumerable<int> first) => Close([.. first.Select(p => new JoinedThread(p, pieces[p].Start))]);

    /// <summary>The state behind a byte, or null.</summary>
    public JoinedState? Next(JoinedThread[] threads, byte value)
    {
        if (threads.Length == 1)
        {
            return threads[0].State.Next(value) switch
            {
                null => null,
                { IsAccepting: false, IsShared: false } inside => new JoinedState(this, [threads[0] with { State = inside }], false),
                { } next => Close([threads[0] with { State = next }]),
            };
        }

        List<JoinedThread> kernel = [];
        foreach (JoinedThread thread in threads)
        {
            if (thread.State.Next(value) is { } next)
            {
                kernel.Add(thread with { State = next });
            }
        }

        return Close(kernel);
    }

    /// <summary>The state of threads, with those that begin where a piece may end.</summary>
    public JoinedState? Close(List<JoinedThread> kernel)
    {
        HashSet<JoinedThread> found = [.. kernel];
        List<JoinedThread> threads = [.. found];
        bool ends = false;
        for (int i = 0; i < threads.Count; i++)
        {
            if (!threads[i].State.IsAccepting)
            {
                continue;
            }

            JoinedPiece piece = pieces[threads[i].Piece];
            ends |= piece.MayEnd;
            foreach (int behind in piece.Behind)
            {
                JoinedThread begun = new(behind, pieces[behind].Start);
                if (found.Add(begun))
                {
                    threads.Add(begun);
                }
            }
        }

        return threads.Count == 0 ? null : StateOf([.. threads], ends);
    }

    private JoinedState StateOf(JoinedThread[] threads, bool ends)
    {
        if (!Array.TrueForAll(threads, t => t.State.IsShared))
        {
            return new JoinedState(this, threads, ends);
        }

        if (!_shared.TryGetValue(threads, out JoinedState? state))
        {
            if (_shared.Count >= MostStates)
            {
                _shared.Clear();
            }

            state = _shared[threads] = new JoinedState(this, threads, ends);
        }

        return state;
    }

    private sealed class ThreadComparer : IEqualityComparer<JoinedThread[]>
    {
        public bool Equals(JoinedThread[]? x, JoinedThread[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(JoinedThread[] threads)
        {
            HashCode hash = default;
            foreach (JoinedThread thread in threads)
            {
                hash.Add(thread.Piece);
                hash.Add(RuntimeHelpers.GetHashCode(thread.State));
            }

            return hash.ToHashCode();
        }
    }
}
