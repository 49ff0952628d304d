using System.Text;

namespace LayerStream.Formats.Writing;

/// <summary>Values of metadata as they stand in a file: type ids and bytes (GGUF specification, "gguf_metadata_value_type").</summary>
public static class GgufValue
{
    private static readonly Type[] s_types =
    [
        typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float), typeof(bool), typeof(string),
            typeof(Array),
        typeof(ulong), typeof(long), typeof(double),
    ];

    /// <summary>Id of arrays.</summary>
    public static int ArrayType { get; } = TypeId(typeof(Array));

    /// <summary>Id of a scalar's type, or of <see cref="Array"/>; −1 for what GGUF does not have.</summary>
    public static int TypeId(Type type) => Array.IndexOf(s_types, type);

    /// <summary>Bytes of a scalar.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static byte[] Bytes(object value)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        Write(writer, value);
        return bytes.ToArray();
    }

    /// <summary>Writes a scalar.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case string v: WriteText(writer, Encoding.UTF8.GetBytes(v)); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            default: throw new ArgumentException($"GGUF has no values of type {value.GetType().Name}.", nameof(value));
        }
    }

    /// <summary>Writes a string by its bytes, which need not be UTF-8.</summary>
    public static void WriteText(BinaryWriter writer, ReadOnlySpan<byte> text)
    {
        writer.Write((long)text.Length);
        writer.Write(text);
    }
}
