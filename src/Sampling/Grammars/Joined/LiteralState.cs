using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>In some bytes that must come as they are.</summary>
internal sealed class LiteralState : GrammarState
{
    private readonly byte[] _bytes;
    private readonly int _at;
    private LiteralState? _next;

    private LiteralState(byte[] bytes, int at)
    {
        (_bytes, _at) = (bytes, at);
    }

    /// <inheritdoc/>
    public override bool IsAccepting => _at == _bytes.Length;

    /// <inheritdoc/>
    internal override bool IsShared => true;

    /// <summary>In front of the bytes.</summary>
    public static LiteralState Of(byte[] bytes) => new(bytes, 0);

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) =>
        _at < _bytes.Length && _bytes[_at] == value ? _next ??= new LiteralState(_bytes, _at + 1) : null;
}
