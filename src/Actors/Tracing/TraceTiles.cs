namespace LayerStream.Actors.Tracing;

/// <summary>Names and layers of the tiles that events number.</summary>
public sealed class TraceTiles
{
    private readonly TileNames _names;

    internal TraceTiles(TileNames names) => _names = names;

    /// <summary>Tiles and experts together.</summary>
    public int Count => _names.Count;

    /// <summary>The first number that means an expert.</summary>
    public int FirstExpert => _names.FirstExpert;

    /// <summary>Name of a tile's tensor, or of an expert.</summary>
    public string Name(int tile) => _names[tile];

    /// <summary>Its layer; −1 outside the layers.</summary>
    public int Layer(int tile) => _names.Layer(tile);
}
