using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>How the arguments of a call are written where that is no JSON. For one grammar.</summary>
public abstract class ArgumentSyntax
{
    private static readonly byte[] s_nothing = [];

    private protected ArgumentSyntax(string beginJson, ForkKind begin, Around? around)
    {
        BeginJson = System.Text.Encoding.ASCII.GetBytes(beginJson);
        Begin = new ForkPlace(begin, around);
    }

    /// <summary>Texts of the form.</summary>
    internal CodedTexts Texts { get; } = new();

    /// <summary>JSON that is said before anything is written.</summary>
    internal byte[] BeginJson { get; }

    /// <summary>The first place.</summary>
    internal Place Begin { get; }

    /// <summary>Objects <c>{name:value,…}</c> with bare names, texts between marks, everything else as JSON.</summary>
    /// <param name="textMark">In front of a text and behind it.</param>
    public static ArgumentSyntax BareNames(byte[] textMark) => new BareNameSyntax(textMark);

    /// <summary>Python's <c>name=value, …)</c> up to the parenthesis.</summary>
    public static ArgumentSyntax Python() => new PythonSyntax();

    /// <summary>A tag for each member, nested as the values are; elements of lists in tags called item; texts as they are.</summary>
    /// <param name="mark">In front of every tag.</param>
    public static ArgumentSyntax NestedTags(byte[] mark) => new NestedTagSyntax(mark);

    /// <summary>One text as it is.</summary>
    /// <param name="end">Behind the text: white space that belongs to it, and a mark.</param>
    public static ArgumentSyntax RawText(byte[] end) => new RawTextSyntax(end);

    /// <summary>Whether a name can be written.</summary>
    public static bool CanName(string name) => name.Length > 0 && name.All(c => c < 0x80 && MayName((byte)c));

    /// <summary>Whether a byte may stand in a name.</summary>
    internal static bool MayName(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or (byte)'-' or (byte)'.';

    /// <summary>Whether a byte may stand in a number.</summary>
    internal static bool IsOfNumber(byte value) =>
        char.IsAsciiDigit((char)value) || value is (byte)'-' or (byte)'+' or (byte)'.' or (byte)'e' or (byte)'E';

    /// <summary>The moves at a place.</summary>
    internal abstract IEnumerable<Move> Moves(ForkPlace place);

    /// <summary>Where a name leads to.</summary>
    internal virtual Place Named(NamePlace name) => new ForkPlace(ForkKind.Value, name.Around);

    /// <summary>The first state of the arguments of a grammar of JSON; null when nothing can be written so.</summary>
    internal GrammarState? Over(GrammarState json) =>
        CodedStep.Feed(json, BeginJson, static (s, b) => s.Next(b)) is { } begun ? TranslatedState.Of(this, Begin, begun) : null;

    private protected static Move Say(string written, string json, Place next) =>
        new(System.Text.Encoding.ASCII.GetBytes(written), System.Text.Encoding.ASCII.GetBytes(json), next);

    private protected static Move Say(byte[] written, string json, Place next) =>
        new(written, System.Text.Encoding.ASCII.GetBytes(json), next);

    private protected static Move Silently(Place next) => new(s_nothing, s_nothing, next);

    private protected static Place Behind(Around? around) => around is null ? EndPlace.Instance : new ForkPlace(ForkKind.After, around);

    private protected static ForkPlace At(ForkKind kind, Around? around) => new(kind, around);
}

/// <summary>As <see cref="ArgumentSyntax.BareNames"/>.</summary>
internal sealed class BareNameSyntax(byte[] textMark) : ArgumentSyntax("", ForkKind.FirstArgument, null)
{
    private readonly RawCode _code = new(textMark);

    /// <inheritdoc/>
    internal override IEnumerable<Move> Moves(ForkPlace place)
    {
        Around? around = place.Around;
        return place.Kind switch
        {
            ForkKind.FirstArgument => [Say("{", "{", At(ForkKind.FirstMember, new Around(false, "", null)))],
            ForkKind.FirstMember => [Say("}", "}", Behind(around!.Outer)), Name(around)],
            ForkKind.Member => [Name(around!)],
            ForkKind.FirstElement => [Say("]", "]", Behind(around!.Outer)), .. Value(around)],
            ForkKind.Value => Value(around),
            ForkKind.After when around!.IsList => [Say(",", ",", At(ForkKind.Value, around)), Say("]", "]", Behind(around.Outer))],
            _ => [Say(",", ",", At(ForkKind.Member, around)), Say("}", "}", Behind(around!.Outer))],
        };
    }

    private static Move Name(Around around) => Silently(new NamePlace((byte)':', "", around));

    private IEnumerable<Move> Value(Around? around)
    {
        Place behind = Behind(around);
        return
        [
            Say(textMark, "\"", new TextPlace(_code, TextCode.Begin, behind)),
            Say("{", "{", At(ForkKind.FirstMember, new Around(false, "", around))),
            Say("[", "[", At(ForkKind.FirstElement, new Around(true, "", around))),
            Say("true", "true", behind),
            Say("false", "false", behind),
            Say("null", "null", behind),
            Silently(new NumberPlace(behind)),
        ];
    }
}

/// <summary>As <see cref="ArgumentSyntax.Python"/>.</summary>
internal sealed class PythonSyntax() : ArgumentSyntax("{", ForkKind.FirstArgument, new Around(false, "(", null))
{
    private static readonly PythonCode s_double = new((byte)'"'), s_single = new((byte)'\'');

    /// <inheritdoc/>
    internal override IEnumerable<Move> Moves(ForkPlace place)
    {
        Around around = place.Around!;
        string close = around.IsList ? "]" : around.Outer is null ? ")" : "}", json = around.IsList ? "]" : "}";
        Move end = Say(close, json, Behind(around.Outer));
        return place.Kind switch
        {
            ForkKind.FirstArgument or ForkKind.FirstMember => [end, .. Name(around)],
            ForkKind.Member => Name(around),
            ForkKind.Colon => [Say(": ", ":", At(ForkKind.Value, around)), Say(":", ":", At(ForkKind.Value, around))],
            ForkKind.FirstElement => [end, .. Value(around)],
            ForkKind.Value => Value(around),
            _ => [end, .. Next(around)],
        };
    }

    private static IEnumerable<Move> Next(Around around)
    {
        Place next = At(around.IsList ? ForkKind.Value : ForkKind.Member, around);
        return [Say(", ", ",", next), Say(",", ",", next)];
    }

    private static IEnumerable<Move> Name(Around around) => around.Outer is null
        ? [Silently(new NamePlace((byte)'=', "", around))]
        : Text(At(ForkKind.Colon, around));

    private static IEnumerable<Move> Text(Place behind) =>
    [
        Say("\"", "\"", new TextPlace(s_double, TextCode.Begin, behind)),
        Say("'", "\"", new TextPlace(s_single, TextCode.Begin, behind)),
    ];

    private static IEnumerable<Move> Value(Around around)
    {
        Place behind = Behind(around);
        return
        [
            .. Text(behind),
            Say("{", "{", At(ForkKind.FirstMember, new Around(false, "", around))),
            Say("[", "[", At(ForkKind.FirstElement, new Around(true, "", around))),
            Say("True", "true", behind),
            Say("False", "false", behind),
            Say("None", "null", behind),
            Silently(new NumberPlace(behind)),
        ];
    }
}

/// <summary>As <see cref="ArgumentSyntax.NestedTags"/>. A container stands around its members with the name of its own tag.</summary>
internal sealed class NestedTagSyntax(byte[] mark) : ArgumentSyntax("{", ForkKind.FirstArgument, new Around(false, "", null))
{
    private const string Element = "item";

    private readonly RawCode _code = new(mark);

    /// <inheritdoc/>
    internal override Place Named(NamePlace name) => At(ForkKind.Value, new Around(false, name.Name, name.Around));

    /// <inheritdoc/>
    internal override IEnumerable<Move> Moves(ForkPlace place)
    {
        Around around = place.Around!;
        return place.Kind switch
        {
            ForkKind.FirstArgument => [Say("", "}", EndPlace.Instance), Member("", around)],
            ForkKind.Value => Value(around),
            ForkKind.Close => [Say(Tag($"</{around.Name}>"), " ", Behind(around.Outer))], // the space: a number has ended
            _ when around.Outer is null => [Say("", "}", EndPlace.Instance), Member(",", around)],
            _ when around.IsList => [Item(",", around), Say(Tag($"</{around.Name}>"), "]", Behind(around.Outer))],
            _ => [Member(",", around), Say(Tag($"</{around.Name}>"), "}", Behind(around.Outer))],
        };
    }

    private Move Member(string json, Around around) => Say(Tag("<"), json, new NamePlace((byte)'>', "", around));

    private Move Item(string json, Around list) =>
        Say(Tag($"<{Element}>"), json, At(ForkKind.Value, new Around(false, Element, list)));

    private IEnumerable<Move> Value(Around tag)
    {
        Place close = At(ForkKind.Close, tag);
        Place behindText = new LiteralPlace(System.Text.Encoding.ASCII.GetBytes($"</{tag.Name}>"), 0, Behind(tag.Outer));
        return
        [
            Say("", "\"", new TextPlace(_code, TextCode.Begin, behindText)),
            Item("[", tag with { IsList = true }),
            Member("{", tag),
            Say("[]", "[]", close),
            Say("{}", "{}", close),
            Say("true", "true", close),
            Say("false", "false", close),
            Say("null", "null", close),
            Silently(new NumberPlace(close)),
        ];
    }

    private byte[] Tag(string text) => [.. mark, .. System.Text.Encoding.ASCII.GetBytes(text)];
}

/// <summary>As <see cref="ArgumentSyntax.RawText"/>.</summary>
internal sealed class RawTextSyntax(byte[] end) : ArgumentSyntax("\"", ForkKind.Value, null)
{
    private readonly RawCode _code = new(end);

    /// <inheritdoc/>
    internal override IEnumerable<Move> Moves(ForkPlace place) => [Silently(new TextPlace(_code, TextCode.Begin, EndPlace.Instance))];
}
