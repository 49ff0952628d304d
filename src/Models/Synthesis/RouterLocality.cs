namespace LayerStream.Models.Synthesis;

/// <summary>How the routers of a synthetic model choose.</summary>
public enum RouterLocality
{
    /// <summary>Random routers: every expert is as likely as any other, so that no cache helps.</summary>
    None,

    /// <summary>Popular and unpopular experts, as skewed as in recorded routing; no topics that come and go.</summary>
    Trace,
}
