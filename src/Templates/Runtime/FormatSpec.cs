using System.Globalization;
using System.Numerics;
using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>What stands behind the colon of a replacement field, as Python's format():
/// <c>[[fill]align][sign][z][#][0][width][grouping][.precision][type]</c>.</summary>
internal sealed class FormatSpec
{
    /// <summary>Widest field and most decimals.</summary>
    public const int Widest = 1000;

    private const string Aligns = "<>=^", IntegerTypes = "bcdoxXn", FloatTypes = "eEfFgG%";

    private readonly RenderState _state;
    private string _fill = "";
    private char _align;
    private char _sign = '-';
    private bool _hasNoNegativeZero;
    private bool _isAlternate;
    private int _width;
    private char _grouping;
    private int? _precision;
    private char _type;

    private FormatSpec(RenderState state)
    {
        _state = state;
    }

    /// <summary>The value in the form that the specification asks for; an empty one gives its printed form.</summary>
    public static TextValue Format(RenderState state, Value value, string specification)
    {
        if (specification.Length == 0)
        {
            return ValueText.Of(state, value);
        }

        var spec = new FormatSpec(state);
        spec.Read(specification);
        return value switch
        {
            TextValue text => spec.OfText(text),
            UndefinedValue => spec.OfText(TextValue.Empty),
            FloatValue real => spec.OfNumber(spec.Real(real.Number)),
            _ when Numbers.TryInteger(value, out var number) => spec.OfNumber(spec.Whole(number)),
            _ => throw state.Error($"unsupported format string passed to {value.TypeName}.__format__"),
        };
    }

    private void Read(string text)
    {
        int i = 0;
        int fill = Rune.DecodeFromUtf16(text, out _, out int units) == System.Buffers.OperationStatus.Done ? units : 1;
        if (fill < text.Length && Aligns.Contains(text[fill]))
        {
            (_fill, _align, i) = (text[..fill], text[fill], fill + 1);
        }
        else if (Aligns.Contains(text[0]))
        {
            (_align, i) = (text[0], 1);
        }

        _sign = i < text.Length && text[i] is '+' or '-' or ' ' ? text[i++] : _sign;
        _hasNoNegativeZero = i < text.Length && text[i] == 'z';
        i += _hasNoNegativeZero ? 1 : 0;
        _isAlternate = i < text.Length && text[i] == '#';
        i += _isAlternate ? 1 : 0;
        if (i < text.Length && text[i] == '0')
        {
            _fill = _fill.Length == 0 ? "0" : _fill;
            _align = _align == '\0' ? '0' : _align; // as '=', for numbers only
            i++;
        }

        _width = Number(_state, text, ref i) ?? 0;
        _grouping = i < text.Length && text[i] is ',' or '_' ? text[i++] : '\0';
        if (i < text.Length && text[i] == '.')
        {
            i++;
            _precision = Number(_state, text, ref i) ?? throw _state.Error("Format specifier missing precision");
        }

        _type = i < text.Length ? text[i++] : '\0';
        if (i < text.Length)
        {
            throw _state.Error($"Invalid format specifier '{text}'");
        }
    }

    /// <summary>The digits at a place, as a number of columns; null = there are none.</summary>
    internal static int? Number(RenderState state, string text, ref int i)
    {
        int start = i, number = 0;
        for (; i < text.Length && char.IsAsciiDigit(text[i]); i++)
        {
            number = (number * 10) + text[i] - '0';
            if (number > Widest)
            {
                throw state.Error("format width is too large");
            }
        }

        return i > start ? number : null;
    }

    private TextValue OfText(TextValue text)
    {
        if (_type is not ('\0' or 's') || _sign != '-' || _isAlternate || _hasNoNegativeZero || _grouping != '\0' || _align == '=')
        {
            throw _state.Error(_type is '\0' or 's' ? "a sign, '#', '=' or a grouping does not go with a text"
                : $"Unknown format code '{_type}' for object of type 'str'");
        }

        text = _precision < text.Length ? text.Range(0, _precision.Value) : text;
        int missing = _width - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        int before = _align switch { '>' => missing, '^' => missing / 2, _ => 0 };
        var fill = _fill.Length == 0 ? " " : _fill;
        return new TextBuilder().Append(Repeated(fill, before)).Append(text).Append(Repeated(fill, missing - before)).ToValue();
    }

    private TextValue OfNumber((string Sign, string Prefix, string Digits) number)
    {
        var (sign, prefix, digits) = number;
        string fill = _fill.Length == 0 ? " " : _fill;
        bool padsInside = _align is '=' or '0';
        if (_grouping != '\0')
        {
            digits = Grouped(digits, padsInside && fill == "0" ? _width - sign.Length - prefix.Length : 0);
        }

        int missing = Math.Max(0, _width - sign.Length - prefix.Length - digits.Length);
        int before = _align switch { '<' => 0, '^' => missing / 2, _ => missing };
        return new TextValue(padsInside ? sign + prefix + Repeated(fill, missing) + digits
            : Repeated(fill, before) + sign + prefix + digits + Repeated(fill, missing - before));
    }

    private (string Sign, string Prefix, string Digits) Whole(BigInteger number)
    {
        if (FloatTypes.Contains(_type) && _type != '\0')
        {
            return Real((double)number);
        }

        if (_precision is not null)
        {
            throw _state.Error("Precision not allowed in integer format specifier");
        }

        if (_type == 'c')
        {
            return number >= 0 && number <= 0x10FFFF && Rune.TryCreate((int)number, out var rune) ? ("", "", rune.ToString())
                : throw _state.Error("%c arg not in range(0x110000)");
        }

        int radix = _type switch { 'b' => 2, 'o' => 8, 'x' or 'X' => 16, _ => 10 };
        if (_type != '\0' && !IntegerTypes.Contains(_type))
        {
            throw _state.Error($"Unknown format code '{_type}' for object of type 'int'");
        }

        string digits = IntegerText.Digits(BigInteger.Abs(number), radix);
        string prefix = _isAlternate && radix != 10 ? "0" + _type : "";
        return (SignOf(number.Sign < 0), prefix, _type == 'X' ? digits.ToUpperInvariant() : digits);
    }

    private (string Sign, string Prefix, string Digits) Real(double number)
    {
        if (_type != '\0' && _type != 'n' && !FloatTypes.Contains(_type))
        {
            throw _state.Error($"Unknown format code '{_type}' for object of type 'float'");
        }

        double magnitude = Math.Abs(number);
        string text = char.ToLowerInvariant(_type) switch
        {
            'e' => FloatText.Exponent(magnitude, _precision ?? 6),
            'f' => FloatText.Fixed(magnitude, _precision ?? 6),
            '%' => FloatText.Fixed(magnitude * 100, _precision ?? 6) + "%",
            'g' or 'n' => FloatText.General(magnitude, _precision ?? 6, keepsZeros: _isAlternate),
            _ => _precision is { } precision ? FloatText.General(magnitude, precision, keepsPoint: true) : ValueText.Float(magnitude),
        };
        bool isNegative = double.IsNegative(number) && !(_hasNoNegativeZero && !text.AsSpan().ContainsAnyInRange('1', '9'));
        return (SignOf(isNegative), "", _type is 'E' or 'F' or 'G' ? text.ToUpperInvariant() : text);
    }

    private string SignOf(bool isNegative) => isNegative ? "-" : _sign == '-' ? "" : _sign.ToString();

    // The digits before a point in groups from the right, with zeros in front up to a width.
    private string Grouped(string digits, int width)
    {
        int whole = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        whole = _type is 'x' or 'X' or 'o' or 'b' || whole < 0 ? digits.Length : whole;
        int size = _type is 'x' or 'X' or 'o' or 'b' ? 4 : 3;
        int count = whole;
        while (count + ((count - 1) / size) + digits.Length - whole < width)
        {
            count++;
        }

        var builder = new StringBuilder();
        string padded = digits[..whole].PadLeft(count, '0');
        for (int i = 0; i < padded.Length; i++)
        {
            _ = i > 0 && (padded.Length - i) % size == 0 ? builder.Append(_grouping).Append(padded[i]) : builder.Append(padded[i]);
        }

        return builder.Append(CultureInfo.InvariantCulture, $"{digits[whole..]}").ToString();
    }

    private static string Repeated(string fill, int count) => string.Concat(Enumerable.Repeat(fill, count));
}
