using System.Globalization;
using System.Text;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Methods that ask what kind of characters a text consists of.</summary>
internal static class KindMethods
{
    public static Builtin[] Rows =>
    [
        new("isdigit", "", c => Every(c, IsDigit)),
        new("isdecimal", "", c => Every(c, Rune.IsDigit)),
        new("isnumeric", "", c => Every(c, x => Rune.IsNumber(x) || IsDigit(x))),
        new("isalpha", "", c => Every(c, Rune.IsLetter)),
        new("isalnum", "", c => Every(c, x => Rune.IsLetter(x) || Rune.IsNumber(x))),
        new("isspace", "", c => Every(c, x => x.IsBmp && Whitespace.IsSpace((char)x.Value))),
        new("isupper", "", c => HasCase(c, TextCase.Upper)),
        new("islower", "", c => HasCase(c, TextCase.Lower)),
        new("istitle", "", c => HasCase(c, TextCase.Title)),
        new("isascii", "", c => BoolValue.Of(Self(c).All(char.IsAscii))),
        new("isprintable", "", c => BoolValue.Of(Self(c).EnumerateRunes().All(IsPrintable))),
        new("isidentifier", "", c => BoolValue.Of(Identifiers.LengthAt(Self(c), 0) is > 0 and var length && length == Self(c).Length)),
    ];

    private static string Self(Call call) => ((TextValue)call.Self).Text;

    private static BoolValue Every(Call call, Func<Rune, bool> holds)
    {
        call.State.Charge(Self(call).Length / 256);
        return BoolValue.Of(Self(call).Length > 0 && Self(call).EnumerateRunes().All(holds));
    }

    private static BoolValue HasCase(Call call, Func<string, string> map) =>
        BoolValue.Of(Self(call).EnumerateRunes().Any(x => Rune.IsUpper(x) || Rune.IsLower(x)) && map(Self(call)) == Self(call));

    private static bool IsDigit(Rune rune) => Rune.IsDigit(rune) || CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
