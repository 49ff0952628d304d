namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Kinds of JSON values that constraints tell apart.</summary>
[Flags]
internal enum JsonTypes : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>null.</summary>
    Null = 1,

    /// <summary>false.</summary>
    False = 2,

    /// <summary>true.</summary>
    True = 4,

    /// <summary>Numbers that are whole, however they are written.</summary>
    Integer = 8,

    /// <summary>Numbers that are not.</summary>
    Fraction = 16,

    /// <summary>Texts.</summary>
    Text = 32,

    /// <summary>Arrays.</summary>
    Array = 64,

    /// <summary>Objects.</summary>
    Object = 128,

    /// <summary>Numbers.</summary>
    Number = Integer | Fraction,

    /// <summary>All.</summary>
    All = 255,
}
