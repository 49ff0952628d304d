namespace LayerStream.Actors.Loading;

/// <summary>How far a load has come.</summary>
public sealed record LoadProgress(string Stage, long DoneBytes, long TotalBytes);
