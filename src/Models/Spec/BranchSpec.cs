using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>
/// What stands in a branch of a layer: a kind of mixer or of feed-forward network. A kind is three files and a line in each of
/// two tables: its spec with the sizes that plans and buffers are made from, its executor in the table of executors, and its builder in the
/// table of branch rules.
/// </summary>
public abstract record BranchSpec
{
    /// <summary>Bytes that the state of each layer of a sequence is aligned to.</summary>
    public const int StateAlignment = 64;

    /// <summary>Floats of intermediate results of one row of a pass.</summary>
    public abstract long RowFloats { get; }

    /// <summary>Most columns of a matrix it multiplies by.</summary>
    public abstract int WidestInput { get; }

    /// <summary>Whether it takes the residual stream itself and norms it for each of its parts.</summary>
    public virtual bool NormsItsInput => false;

    /// <summary>Floats of scratch of one thread.</summary>
    public virtual long ThreadFloats => 0;

    /// <summary>Bytes that a token takes in each table of a sequence's state (keys, values), in the order of the tables.</summary>
    public virtual IReadOnlyList<long> StateRowBytes(KvType type) => [];

    /// <summary>Bytes of state that each token adds to a sequence.</summary>
    public long StateBytesPerToken(KvType type) => StateRowBytes(type).Sum();

    /// <summary>Bytes of state of a sequence whatever its length (recurrent state).</summary>
    public virtual long StateBytesPerSequence => 0;

    /// <summary>Floats that a row brings to that state, from which the state can be advanced again.</summary>
    public virtual long TrialFloats => 0;
}
