namespace LayerStream.Conversion;

/// <summary>Which matrices of a mixture get more bits than the others.</summary>
public enum RaisedShare
{
    /// <summary>None.</summary>
    None,

    /// <summary>Values of all layers; down-projections of every second layer, beginning with the first.</summary>
    EverySecond,

    /// <summary>Values, attention outputs and down-projections of all layers.</summary>
    All,
}
