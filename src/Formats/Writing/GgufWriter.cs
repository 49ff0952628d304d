using System.Text;

namespace LayerStream.Formats.Writing;

/// <summary>
/// Collects what a GGUF file (version 3) says of itself: keys, and tensors laid out in the order they are added, each at a multiple of the
/// alignment. Values are of the types <see cref="GgufMetadata.Entries"/> gives back.
/// </summary>
public sealed class GgufWriter
{
    /// <summary>The alignment of a file that does not name one.</summary>
    public const int UsualAlignment = GgufLimits.DefaultAlignment;

    private const string AlignmentKey = "general.alignment";

    private readonly MemoryStream _keys = new();
    private readonly BinaryWriter _keyWriter;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tensorNames = new(StringComparer.Ordinal);
    private readonly List<(string Name, TensorType Type, long[] Shape, long Offset, long Length)> _tensors = [];
    private readonly int _alignment;
    private int _keyCount;
    private long _dataBytes;

    /// <summary>Begins a file.</summary>
    /// <param name="alignment">A multiple of 8 up to 1 MiB; written as a key unless it is the default, 32.</param>
    public GgufWriter(int alignment = UsualAlignment)
    {
        if (!GgufLimits.IsAlignment(alignment))
        {
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment,
                $"The alignment is a multiple of {GgufLimits.MinAlignment} up to {GgufLimits.MaxAlignment}.");
        }

        _alignment = alignment;
        _keyWriter = new BinaryWriter(_keys);
        if (alignment != UsualAlignment)
        {
            AddKey(AlignmentKey, (uint)alignment);
        }
    }

    /// <summary>Adds a key.</summary>
    /// <exception cref="ArgumentException">The key is there already, or its value is of a type that GGUF does not have.</exception>
    public void AddKey(string key, object value)
    {
        BeginKey(key);
        Array? array = value as Array;
        Type element = array?.GetType().GetElementType() ?? value.GetType();
        int type = GgufValue.TypeId(element);
        if (type < 0 || element == typeof(Array))
        {
            throw new ArgumentException($"The key '{key}' has a value of type {value.GetType().Name}, which GGUF does not have.",
                nameof(value));
        }

        if (array is null)
        {
            _keyWriter.Write(type);
            GgufValue.Write(_keyWriter, value);
            return;
        }

        WriteArrayHead(type, array.Length);
        foreach (object one in array)
        {
            GgufValue.Write(_keyWriter, one);
        }
    }

    /// <summary>Copies the keys that begin with a prefix; strings of arrays byte for byte.</summary>
    public void CopyKeys(GgufMetadata source, string prefix)
    {
        foreach (string key in source.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)))
        {
            CopyKey(source, key);
        }
    }

    /// <summary>Copies a key; strings of arrays byte for byte.</summary>
    /// <exception cref="ArgumentException">The key is there already, or the source has none of that name.</exception>
    public void CopyKey(GgufMetadata source, string key)
    {
        object value = source.Raw(key) ?? throw new ArgumentException($"There is no key '{key}' to copy.", nameof(key));
        if (value is not GgufStringList list)
        {
            AddKey(key, value);
            return;
        }

        BeginKey(key);
        WriteArrayHead(GgufValue.TypeId(typeof(string)), list.Count);
        foreach (ReadOnlyMemory<byte> text in list.Utf8())
        {
            GgufValue.WriteText(_keyWriter, text.Span);
        }
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">1 to 63 bytes of UTF-8.</param>
    /// <param name="type">Its type.</param>
    /// <param name="shape">1 to 4 dimensions; the first is contiguous and a whole number of blocks.</param>
    /// <exception cref="ArgumentException">The name is taken or its length out of range, the shape does not fit the type, or there are more
    /// tensors than a reader takes.</exception>
    public void AddTensor(string name, TensorType type, params ReadOnlySpan<long> shape)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        if (Encoding.UTF8.GetByteCount(name) is 0 or > GgufLimits.MaxTensorNameBytes || !_tensorNames.Add(name))
        {
            throw new ArgumentException($"The tensor name '{name}' is taken or not of 1 to {GgufLimits.MaxTensorNameBytes} bytes.",
                nameof(name));
        }

        if (_tensors.Count == GgufLimits.MaxTensors)
        {
            throw new ArgumentException($"A file has at most {GgufLimits.MaxTensors} tensors here.", nameof(name));
        }

        if (shape.Length is 0 or > GgufLimits.MaxDimensions || shape[0] % info.BlockSize != 0)
        {
            throw new ArgumentException($"The tensor '{name}' has {shape.Length} dimensions, the first of which must be a multiple of "
                + $"{info.BlockSize}.", nameof(shape));
        }

        long bytes = info.Bytes(shape[0]);
        foreach (long size in shape[1..])
        {
            bytes = checked(bytes * size);
        }

        if (bytes <= 0)
        {
            throw new ArgumentException($"The tensor '{name}' is empty.", nameof(shape));
        }

        _tensors.Add((name, type, shape.ToArray(), _dataBytes, bytes));
        _dataBytes = Align(checked(_dataBytes + bytes));
    }

    /// <summary>The bytes before the first tensor, and where each tensor goes.</summary>
    public GgufLayout Finish()
    {
        _keyWriter.Flush();
        using MemoryStream head = new();
        using BinaryWriter writer = new(head);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)_tensors.Count);
        writer.Write((long)_keyCount);
        _keys.WriteTo(head);
        foreach ((string name, TensorType type, long[] shape, long offset, _) in _tensors)
        {
            GgufValue.Write(writer, name);
            writer.Write(shape.Length);
            Array.ForEach(shape, writer.Write);
            writer.Write((int)type);
            writer.Write(offset);
        }

        head.SetLength(Align(head.Length));
        byte[] bytes = head.ToArray();
        TensorInfo[] tensors = [.. _tensors.Select(t =>
            new TensorInfo(t.Name, t.Type, t.Shape, new Extent(0, bytes.Length + t.Offset, t.Length)))];
        return new GgufLayout(bytes, tensors, bytes.Length + _dataBytes);
    }

    private long Align(long offset) => (offset + _alignment - 1) / _alignment * _alignment;

    private void BeginKey(string key)
    {
        if (!_names.Add(key))
        {
            throw new ArgumentException($"The key '{key}' is there already.", nameof(key));
        }

        GgufValue.Write(_keyWriter, key);
        _keyCount++;
    }

    private void WriteArrayHead(int elementType, int count)
    {
        _keyWriter.Write(GgufValue.ArrayType);
        _keyWriter.Write(elementType);
        _keyWriter.Write((long)count);
    }
}
