namespace LayerStream.Planning.Tuning;

/// <summary>The first passes that a tuner saw, so that its way can be gone again. One thread adds, any may read.</summary>
internal sealed class FirstPasses<T>
    where T : struct
{
    private const int Most = 512;

    private readonly T[] _passes = new T[Most];
    private int _count;

    internal void Add(in T pass)
    {
        if (_count < Most)
        {
            _passes[_count] = pass;
            Volatile.Write(ref _count, _count + 1);
        }
    }

    internal T[] Snapshot() => _passes[..Volatile.Read(ref _count)];
}
