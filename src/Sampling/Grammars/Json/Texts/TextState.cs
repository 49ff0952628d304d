using System.Text;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Where a JSON text stands.</summary>
internal enum TextPlace
{
    /// <summary>Between its quotes.</summary>
    Inside,

    /// <summary>Behind a backslash.</summary>
    Escape,

    /// <summary>In the digits of an escaped code unit.</summary>
    Digits,

    /// <summary>Behind the first half of a surrogate pair.</summary>
    Half,

    /// <summary>Behind the backslash of the second.</summary>
    HalfEscape,

    /// <summary>In the digits of the second.</summary>
    HalfDigits,

    /// <summary>Behind its closing quote.</summary>
    End,
}

/// <summary>
/// A JSON text: escapes are taken off, and what they stand for goes to the matchers, one for each way to understand the text.
/// A matcher that is null has failed, or at the end has refused.
/// </summary>
internal sealed class TextState : LocalState
{
    private const int FirstHigh = 0xD800, FirstLow = 0xDC00, LastLow = 0xDFFF, HalfBits = 10, Supplementary = 0x10000;
    private const int MostEscape = 12; // signs of a surrogate pair

    private static readonly byte[] s_escapes = [.. "\"\\/bfnrtu0123456789abcdef"u8];
    private static readonly int[] s_short = ['"', '\\', '/', '\b', '\f', '\n', '\r', '\t'];
    private readonly TextMatchers _table;
    private readonly TextPlace _place;
    private readonly int _digits; // hexadecimal, behind a leading 1
    private readonly int _half;
    private TextState?[]? _next;
    private ulong[]? _known;

    /// <summary>A state; through <see cref="TextMatchers.StateOf"/> where it is inside or at the end.</summary>
    public TextState(TextMatchers table, TextMatcher?[] matchers, TextPlace place, int digits, int half = 0)
    {
        (_table, Matchers, _place, _digits, _half) = (table, matchers, place, digits, half);
    }

    /// <summary>The matchers.</summary>
    public TextMatcher?[] Matchers { get; }

    /// <inheritdoc/>
    public override bool IsExit => _place == TextPlace.End;

    /// <summary>Whether it is between two characters, or in the bytes of one.</summary>
    public bool IsInside => _place == TextPlace.Inside;

    /// <inheritdoc/>
    public override bool IsEven => IsInside && Array.TrueForAll(Matchers, m => m is null or { TakesAll: true });

    /// <inheritdoc/>
    public override bool IsFree(int bytes)
    {
        if (!IsInside || _table.Checks)
        {
            return false;
        }

        foreach (TextMatcher? matcher in Matchers)
        {
            if (matcher is not null && !matcher.IsFree(bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Tokens with which the text can be ended. An escape under way may be ended by any letter, or by the first digits.</summary>
    /// <param name="inside">The tokens that write the rest of an escape and end the text, which is between two characters then.</param>
    public int Needed(Func<TextState, byte[], int> inside) => Needed([], inside);

    // Behind the first signs of the rest of an escape.
    private int Needed(byte[] signs, Func<TextState, byte[], int> inside)
    {
        if (IsInside)
        {
            return inside(this, signs);
        }

        int least = EndCosts.Far;
        foreach (byte sign in s_escapes)
        {
            if (signs.Length < MostEscape && Escaped(sign) is { } next)
            {
                least = Math.Min(least, next.Needed([.. signs, sign], inside));
                if (_place != TextPlace.Escape)
                {
                    break;
                }
            }
        }

        return least;
    }

    /// <inheritdoc/>
    public override LocalState? Next(byte value)
    {
        if (_place != TextPlace.Inside)
        {
            return Escaped(value);
        }

        _next ??= new TextState?[256];
        _known ??= new ulong[4];
        ulong bit = 1UL << (value % 64);
        if ((_known[value / 64] & bit) == 0)
        {
            _next[value] = Inside(value);
            _known[value / 64] |= bit;
        }

        return _next[value];
    }

    /// <inheritdoc/>
    public override LocalState Representative(int longestTokenBytes) =>
        Matchers is [{ } only] && only.Representative(longestTokenBytes) is { } other && !ReferenceEquals(only, other)
            ? _table.StateOf([other], isEnd: false)! : this;

    private TextState? Inside(byte value) => value switch
    {
        (byte)'"' => _table.StateOf([.. Matchers.Select(m => m is { CanEnd: true } ? m : null)], isEnd: true),
        (byte)'\\' => Array.Exists(Matchers, CanEscape) ? At(TextPlace.Escape, 1) : null,
        < 0x20 => null,
        _ => Feed([value]),
    };

    private TextState? Escaped(byte value)
    {
        switch (_place)
        {
            case TextPlace.Escape:
                return value == (byte)'u'
                    ? Array.Exists(Matchers, m => _table.Escaped(m).Ranges.Count > 0) ? At(TextPlace.Digits, 1) : null
                    : Unescape(value) is byte plain ? Feed([plain]) : null;
            case TextPlace.Half:
                return value == (byte)'\\' ? At(TextPlace.HalfEscape, 1) : null;
            case TextPlace.HalfEscape:
                return value == (byte)'u' ? At(TextPlace.HalfDigits, 1) : null;
            case TextPlace.Digits or TextPlace.HalfDigits when char.IsAsciiHexDigit((char)value):
                int digits = (_digits << 4) | Convert.ToInt32(((char)value).ToString(), 16);
                return digits < 0x10000 ? Partial(digits) : Unit(digits & 0xFFFF);
            default:
                return null;
        }
    }

    private bool CanEscape(TextMatcher? matcher) => matcher is not null
        && (_table.Escaped(matcher).Ranges.Count > 0 || Array.Exists(s_short, point => matcher.Live.Meets(point, point)));

    private static byte? Unescape(byte value) => (char)value switch
    {
        '"' or '\\' or '/' => value,
        'b' => 8,
        't' => 9,
        'n' => 10,
        'f' => 12,
        'r' => 13,
        _ => null,
    };

    // Some code unit that begins with these digits must be one that a matcher wants.
    private TextState? Partial(int digits)
    {
        int missing = digits < 0x100 ? 12 : digits < 0x1000 ? 8 : 4;
        int low = (digits << missing) & 0xFFFF, high = low | ((1 << missing) - 1);
        bool isWanted = Array.Exists(Matchers, m => _place == TextPlace.Digits ? Wants(_table.Escaped(m), low, high)
            : WantsHalf(_table.Escaped(m), Math.Max(low, FirstLow), Math.Min(high, LastLow)));
        return isWanted ? At(_place, digits) : null;
    }

    private TextState? Unit(int unit)
    {
        if (_place == TextPlace.HalfDigits)
        {
            return unit is >= FirstLow and <= LastLow ? Feed(PairOf(_half, unit)) : null;
        }

        if (unit is >= FirstHigh and < FirstLow)
        {
            return Array.Exists(Matchers, m => Wants(_table.Escaped(m), unit, unit))
                ? new TextState(_table, Matchers, TextPlace.Half, 1, unit) : null;
        }

        return Array.Exists(Matchers, m => Wants(_table.Escaped(m), unit, unit)) ? Feed(unit) : null;
    }

    private static bool Wants(CodePointSet live, int low, int high)
    {
        int first = Math.Max(low, FirstHigh), last = Math.Min(high, FirstLow - 1);
        return live.Meets(low, high) || (first <= last && live.Meets(PairOf(first, FirstLow), PairOf(last, LastLow)));
    }

    private bool WantsHalf(CodePointSet live, int low, int high) => low <= high && live.Meets(PairOf(_half, low), PairOf(_half, high));

    private static int PairOf(int high, int low) => Supplementary + ((high - FirstHigh) << HalfBits) + (low - FirstLow);

    private TextState? Feed(int point)
    {
        Span<byte> bytes = stackalloc byte[4];
        int length = new Rune(point).EncodeToUtf8(bytes);
        return Feed(bytes[..length]);
    }

    private TextState? Feed(ReadOnlySpan<byte> bytes)
    {
        TextMatcher?[] next = new TextMatcher?[Matchers.Length];
        for (int i = 0; i < next.Length; i++)
        {
            TextMatcher? matcher = Matchers[i];
            foreach (byte b in bytes)
            {
                matcher = matcher?.Next(b);
            }

            next[i] = matcher;
        }

        return _table.StateOf(next, isEnd: false);
    }

    private TextState At(TextPlace place, int digits) => new(_table, Matchers, place, digits, _half);
}
