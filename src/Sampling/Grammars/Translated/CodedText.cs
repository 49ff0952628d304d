using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>The inside of a text in a code, over the same text in JSON. Interned by <see cref="CodedTexts"/>.</summary>
internal sealed class CodedText(CodedTexts table, TextCode code, int mode, LocalState inside) : LocalState
{
    private readonly CodedText?[] _next = new CodedText?[256];
    private readonly ulong[] _known = new ulong[4];

    /// <summary>The text in JSON; behind its closing quote where this is an exit.</summary>
    public LocalState Inside => inside;

    /// <inheritdoc/>
    public override bool IsExit => inside.IsExit;

    /// <inheritdoc/>
    public override LocalState? Next(byte value)
    {
        ulong bit = 1UL << (value % 64);
        if ((_known[value / 64] & bit) == 0)
        {
            (LocalState Inside, int Mode)? next = CodedStep.Take(code, mode, value, inside, static (s, b) => s.Next(b));
            _next[value] = next is { } found ? table.Of(code, found.Mode, found.Inside) : null;
            _known[value / 64] |= bit;
        }

        return _next[value];
    }

    /// <inheritdoc/>
    public override LocalState Representative(int longestTokenBytes) =>
        inside.Representative(longestTokenBytes) is var other && ReferenceEquals(other, inside) ? this : table.Of(code, mode, other);
}

/// <summary>Texts in codes, each made once; all are forgotten when there are too many. For one sequence at a time.</summary>
internal sealed class CodedTexts
{
    private const int MostStates = 1_000;

    private readonly Dictionary<(TextCode Code, int Mode, int Inside), List<CodedText>> _texts = [];
    private int _count;

    /// <summary>A text.</summary>
    public CodedText Of(TextCode code, int mode, LocalState inside)
    {
        if (_count >= MostStates)
        {
            _texts.Clear();
            _count = 0;
        }

        (TextCode, int, int) key = (code, mode, RuntimeHelpers.GetHashCode(inside));
        if (!_texts.TryGetValue(key, out List<CodedText>? known))
        {
            known = _texts[key] = [];
        }

        CodedText? text = known.Find(t => ReferenceEquals(t.Inside, inside));
        if (text is null)
        {
            known.Add(text = new CodedText(this, code, mode, inside));
            _count++;
        }

        return text;
    }
}

/// <summary>A byte of a text in a code, over any kind of state.</summary>
internal static class CodedStep
{
    /// <summary>The state and the mode behind a byte; null when it cannot come.</summary>
    public static (T State, int Mode)? Take<T>(TextCode code, int mode, byte value, T state, Func<T, byte, T?> next)
        where T : class
    {
        List<byte> json = [];
        if (code.Take(mode, value, json) is not int behind || Feed(state, CollectionsMarshal.AsSpan(json), next) is not { } after)
        {
            return null;
        }

        if (behind == TextCode.End)
        {
            return next(after, (byte)'"') is { } ended ? (ended, behind) : null;
        }

        IReadOnlyList<byte[]> ways = code.Ways(behind);
        return ways.Count == 0 || ways.Any(way => Feed(after, way, next) is not null) ? (after, behind) : null;
    }

    /// <summary>The state behind some bytes, or null.</summary>
    public static T? Feed<T>(T? state, ReadOnlySpan<byte> bytes, Func<T, byte, T?> next)
        where T : class
    {
        foreach (byte value in bytes)
        {
            state = state is null ? null : next(state, value);
        }

        return state;
    }
}
