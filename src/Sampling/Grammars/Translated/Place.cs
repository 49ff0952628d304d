namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>Where a text stands in a form that is no JSON.</summary>
internal abstract record Place;

/// <summary>Behind the last byte.</summary>
internal sealed record EndPlace : Place
{
    /// <summary>The only one.</summary>
    public static EndPlace Instance { get; } = new();
}

/// <summary>Where one of several moves is made.</summary>
/// <param name="Kind">Which moves there are.</param>
/// <param name="Around">What stands around, or null.</param>
internal sealed record ForkPlace(ForkKind Kind, Around? Around) : Place;

/// <summary>In bytes that must come as they are.</summary>
internal sealed record LiteralPlace(byte[] Bytes, int At, Place Next) : Place;

/// <summary>In a name, which ends with a byte.</summary>
/// <param name="End">The byte.</param>
/// <param name="Name">The name so far.</param>
/// <param name="Around">The container.</param>
internal sealed record NamePlace(byte End, string Name, Around Around) : Place;

/// <summary>In a number.</summary>
/// <param name="Next">Behind it.</param>
/// <param name="HasBegun">Whether a byte of it has come.</param>
internal sealed record NumberPlace(Place Next, bool HasBegun = false) : Place;

/// <summary>In a text.</summary>
internal sealed record TextPlace(TextCode Code, int Mode, Place Next) : Place;

/// <summary>A container under way.</summary>
/// <param name="IsList">Whether it is a list.</param>
/// <param name="Name">Its name, where it ends with that.</param>
/// <param name="Outer">The container around it.</param>
internal sealed record Around(bool IsList, string Name, Around? Outer);

/// <summary>Where several moves may be made.</summary>
internal enum ForkKind
{
    /// <summary>In front of the first member of the arguments.</summary>
    FirstArgument,

    /// <summary>In front of the first member of an object.</summary>
    FirstMember,

    /// <summary>In front of a member.</summary>
    Member,

    /// <summary>In front of the first element of a list.</summary>
    FirstElement,

    /// <summary>Between a name and its value.</summary>
    Colon,

    /// <summary>In front of a value.</summary>
    Value,

    /// <summary>Behind a value that has an end of its own.</summary>
    Close,

    /// <summary>Behind a value.</summary>
    After,
}

/// <summary>A move: bytes of the form that say some JSON.</summary>
/// <param name="Written">The bytes; none = the move takes none.</param>
/// <param name="Json">The JSON.</param>
/// <param name="Next">Where it leads.</param>
internal readonly record struct Move(byte[] Written, byte[] Json, Place Next);
