using LayerStream.Planning;

namespace LayerStream.Session.Outlook;

/// <summary>A curve and what it stands on.</summary>
public sealed record KnownCurve(SpeedBasis Basis, SpeedCurve Curve);
