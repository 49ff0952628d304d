namespace LayerStream.Host.Options;

/// <summary>Which of the common options a verb has a use for, beside --json, --quiet and --config.</summary>
[Flags]
public enum CommonUse
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>--models.</summary>
    Catalogue = 16,

    /// <summary>--model, a path or a name of the catalogue.</summary>
    Model = 1 | Catalogue,

    /// <summary>Memory, streaming, and how is computed.</summary>
    Engine = 2 | Threads,

    /// <summary>How tokens are drawn and where an answer ends.</summary>
    Sampling = 4,

    /// <summary>--memory-budget.</summary>
    Budget = 8,

    /// <summary>--threads.</summary>
    Threads = 32,

    /// <summary>All of them.</summary>
    All = Model | Engine | Sampling | Budget | Threads,
}
