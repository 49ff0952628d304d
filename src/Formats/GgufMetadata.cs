namespace LayerStream.Formats;

/// <summary>
/// The key-value section of a model in file order (of a split model: of its first file). Getters that take a default or return null do
/// so only for an absent key; a value of the wrong type is a <see cref="ModelFormatException"/> that names the key.
/// </summary>
public sealed class GgufMetadata
{
    private readonly string _file;
    private readonly OrderedDictionary<string, Entry> _entries;

    internal GgufMetadata(string file, int capacity)
    {
        _file = file;
        _entries = new OrderedDictionary<string, Entry>(capacity, StringComparer.Ordinal);
    }

    /// <summary>Number of keys.</summary>
    public int Count => _entries.Count;

    /// <summary>
    /// Keys and values in file order. A value is a byte, sbyte, ushort, short, uint, int, float, bool, string, ulong, long, double
    /// or an array of one of these. String arrays are decoded anew on every enumeration.
    /// </summary>
    public IEnumerable<KeyValuePair<string, object>> Entries
        => _entries.Select(e => new KeyValuePair<string, object>(e.Key,
        e.Value.Value is GgufStringList list ? list.ToArray() : e.Value.Value));

    /// <summary>Keys in file order.</summary>
    public IEnumerable<string> Keys => _entries.Keys;

    /// <summary>Whether the key is present.</summary>
    public bool Contains(string key) => _entries.ContainsKey(key);

    /// <summary>A string, or null when absent.</summary>
    /// <exception cref="ModelFormatException">The value is no string.</exception>
    public string? GetString(string key)
        => !_entries.TryGetValue(key, out var e) ? null : e.Value as string ?? throw WrongType(key, e, "a string");

    /// <summary>An integer of any width; false when absent, not an integer or too large.</summary>
    public bool TryGetInt64(string key, out long v)
    {
        v = 0;
        return _entries.TryGetValue(key, out var e) && TryInteger(e.Value, out v);
    }

    /// <summary>A required integer of any width.</summary>
    /// <exception cref="ModelFormatException">The key is missing or its value no integer.</exception>
    public long GetInt64(string key)
        => !_entries.TryGetValue(key, out var e) ? throw new ModelFormatException(_file, 0,
        $"The required key '{key}' is missing; convert the model again with a current converter.")
            : TryInteger(e.Value, out long v) ? v : throw WrongType(key, e, "an integer");

    /// <summary>An integer of any width, or the default when absent.</summary>
    /// <exception cref="ModelFormatException">The value is no integer.</exception>
    public long GetInt64(string key, long defaultValue)
        => !_entries.TryGetValue(key, out var e) ? defaultValue : TryInteger(e.Value, out long v) ? v
        : throw WrongType(key, e, "an integer");

    /// <summary>A number of any type, or the default when absent.</summary>
    /// <exception cref="ModelFormatException">The value is no number.</exception>
    public double GetDouble(string key, double defaultValue) => !_entries.TryGetValue(key, out var e) ? defaultValue : e.Value switch
    {
        float f => f,
        double d => d,
        ulong u => u,
        _ => TryInteger(e.Value, out long v) ? v : throw WrongType(key, e, "a number"),
    };

    /// <summary>A boolean, or the default when absent.</summary>
    /// <exception cref="ModelFormatException">The value is no boolean.</exception>
    public bool GetBool(string key, bool defaultValue)
        => !_entries.TryGetValue(key, out var e) ? defaultValue : e.Value is bool b ? b : throw WrongType(key, e, "a boolean");

    /// <summary>An array of strings, or null when absent. Each read of an element decodes it anew: iterate once and keep what you
    /// need.</summary>
    /// <exception cref="ModelFormatException">The value is no array of strings.</exception>
    public IReadOnlyList<string>? GetStrings(string key)
        => !_entries.TryGetValue(key, out var e) ? null : e.Value as GgufStringList ?? throw WrongType(key, e, "an array of strings");

    /// <summary>An array of integers or booleans of any width, or a scalar as one element; null when absent.</summary>
    /// <exception cref="ModelFormatException">The value is anything else or an element does not fit 64 signed bits.</exception>
    public IReadOnlyList<long>? GetIntegers(string key) => !_entries.TryGetValue(key, out var e) ? null : e.Value switch
    {
        bool[] a => Array.ConvertAll(a, x => x ? 1L : 0L),
        byte[] a when a.GetType() == typeof(byte[]) => Array.ConvertAll(a, x => (long)x),
        sbyte[] a => Array.ConvertAll(a, x => (long)x),
        ushort[] a when a.GetType() == typeof(ushort[]) => Array.ConvertAll(a, x => (long)x),
        short[] a => Array.ConvertAll(a, x => (long)x),
        uint[] a when a.GetType() == typeof(uint[]) => Array.ConvertAll(a, x => (long)x),
        int[] a => Array.ConvertAll(a, x => (long)x),
        ulong[] a when a.GetType() == typeof(ulong[]) =>
            Array.ConvertAll(a, x => x <= long.MaxValue ? (long)x
            : throw WrongType(key, e, "an array of integers that fit 64 signed bits")),
        long[] a => a.AsReadOnly(),
        bool b => [b ? 1L : 0L],
        _ => TryInteger(e.Value, out long v) ? [v] : throw WrongType(key, e, "an integer or an array of integers"),
    };

    /// <summary>A copy of an array of floating-point numbers, or a scalar as one element; null when absent.</summary>
    /// <exception cref="ModelFormatException">The value is anything else.</exception>
    public float[]? GetFloats(string key) => !_entries.TryGetValue(key, out var e) ? null : e.Value switch
    {
        float[] a => (float[])a.Clone(),
        double[] a => Array.ConvertAll(a, x => (float)x),
        float f => [f],
        double d => [(float)d],
        _ => throw WrongType(key, e, "an array of floating-point numbers"),
    };

    /// <summary>A copy of an array of booleans, or a scalar as one element; null when absent.</summary>
    /// <exception cref="ModelFormatException">The value is anything else.</exception>
    public bool[]? GetBools(string key) => !_entries.TryGetValue(key, out var e) ? null : e.Value switch
    {
        bool[] a => (bool[])a.Clone(),
        bool b => [b],
        _ => throw WrongType(key, e, "an array of booleans"),
    };

    /// <summary>Offset of the value in its file; 0 when absent.</summary>
    public long OffsetOf(string key) => _entries.TryGetValue(key, out var e) ? e.Offset : 0;

    /// <summary>Adds a value; false when the key is already there.</summary>
    internal bool Add(string key, object value, long offset) => _entries.TryAdd(key, new Entry(value, offset));

    /// <summary>Element count of an array; null when absent or not an array.</summary>
    internal int? ArrayLength(string key) => !_entries.TryGetValue(key, out var e) ? null : e.Value switch
    {
        GgufStringList list => list.Count,
        Array array => array.Length,
        _ => null,
    };

    /// <summary>The raw value; null when absent.</summary>
    internal object? Raw(string key) => _entries.TryGetValue(key, out var e) ? e.Value : null;

    private static bool TryInteger(object value, out long v)
    {
        v = value switch
        {
            byte x => x,
            sbyte x => x,
            ushort x => x,
            short x => x,
            uint x => x,
            int x => x,
            long x => x,
            ulong x when x <= long.MaxValue => (long)x,
            _ => 0,
        };
        return value is byte or sbyte or ushort or short or uint or int or long or ulong and <= long.MaxValue;
    }

    private ModelFormatException WrongType(string key, Entry entry, string expected)
    {
        string found = entry.Value is GgufStringList ? "String[]" : entry.Value.GetType().Name;
        return new(_file, entry.Offset,
            $"The key '{key}' must be {expected} but is {found}; convert the model again with a current converter.");
    }

    private readonly record struct Entry(object Value, long Offset);
}
