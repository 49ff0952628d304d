using System.Runtime.InteropServices;

namespace LayerStream.Formats;

/// <summary>Reads the key-value section of one file.</summary>
internal sealed class MetadataReader(BoundedReader reader, StringListBuilder strings)
{
    private const int ArrayType = 9;

    /// <summary>Reads <paramref name="count"/> pairs at the reader's position.</summary>
    internal GgufMetadata Read(int count)
    {
        var metadata = new GgufMetadata(reader.Path, count);
        for (int i = 0; i < count; i++)
        {
            long begin = reader.Position;
            int length = (int)reader.ReadCount(GgufLimits.MaxKeyBytes, "The length of a metadata key");
            if (length == 0)
            {
                throw reader.Error(begin, "A metadata key is empty. The file is damaged; download or convert it again.");
            }

            string key = reader.ReadText(length, "a metadata key");
            long typeOffset = reader.Position;
            int type = (int)reader.ReadUInt32("the type of a metadata value");
            long valueOffset = reader.Position;
            object value = type == ArrayType ? ReadArray(key) : ReadScalar(type, key, typeOffset);
            if (!metadata.Add(key, value, valueOffset))
            {
                throw reader.Error(begin,
                    $"The metadata key '{Printable.Text(key)}' occurs twice. The file is damaged; download or convert it again.");
            }
        }

        return metadata;
    }

    private object ReadScalar(int type, string key, long typeOffset)
    {
        const string What = "a metadata value";
        return type switch
        {
            0 => reader.Take(1, What)[0],
            1 => (sbyte)reader.Take(1, What)[0],
            2 => MemoryMarshal.Read<ushort>(reader.Take(2, What)),
            3 => MemoryMarshal.Read<short>(reader.Take(2, What)),
            4 => reader.ReadUInt32(What),
            5 => (int)reader.ReadUInt32(What),
            6 => MemoryMarshal.Read<float>(reader.Take(4, What)),
            7 => reader.Take(1, What)[0] != 0,
            8 => reader.ReadText((int)reader.ReadCount(GgufLimits.MaxValueBytes, "The length of a metadata string"), "a metadata string"),
            10 => (ulong)reader.ReadInt64(What),
            11 => reader.ReadInt64(What),
            12 => MemoryMarshal.Read<double>(reader.Take(8, What)),
            _ => throw UnknownType(type, key, typeOffset),
        };
    }

    private object ReadArray(string key)
    {
        long typeOffset = reader.Position;
        int type = (int)reader.ReadUInt32("the element type of a metadata array");
        return type switch
        {
            0 => ReadNumbers<byte>(key),
            1 => ReadNumbers<sbyte>(key),
            2 => ReadNumbers<ushort>(key),
            3 => ReadNumbers<short>(key),
            4 => ReadNumbers<uint>(key),
            5 => ReadNumbers<int>(key),
            6 => ReadNumbers<float>(key),
            7 => ReadBooleans(key),
            8 => strings.Read(reader, ReadElementCount(key, sizeof(long))),
            10 => ReadNumbers<ulong>(key),
            11 => ReadNumbers<long>(key),
            12 => ReadNumbers<double>(key),
            ArrayType =>
                throw reader.Error(typeOffset, $"The metadata key '{Printable.Text(key)}' holds an array of arrays, which is not "
                + "supported; convert the model again without it."),
            _ => throw UnknownType(type, key, typeOffset),
        };
    }

    private T[] ReadNumbers<T>(string key)
        where T : unmanaged
    {
        int count = ReadElementCount(key, Marshal.SizeOf<T>());
        var numbers = count == 0 ? [] : new T[count];
        reader.ReadInto(MemoryMarshal.AsBytes(numbers.AsSpan()), "a metadata array");
        return numbers;
    }

    private bool[] ReadBooleans(string key)
    {
        int count = ReadElementCount(key, 1);
        var flags = count == 0 ? [] : new bool[count];
        var raw = MemoryMarshal.AsBytes(flags.AsSpan());
        reader.ReadInto(raw, "a metadata array");
        foreach (ref byte flag in raw)
        {
            flag = flag != 0 ? (byte)1 : (byte)0; // any other byte would be a bool that equals neither true nor false
        }

        return flags;
    }

    /// <summary>A count that the rest of the file can hold at <paramref name="size"/> bytes or more per element.</summary>
    private int ReadElementCount(string key, int size)
    {
        long offset = reader.Position;
        ulong count = (ulong)reader.ReadInt64("the length of a metadata array");
        if (count > (ulong)(reader.Remaining / size))
        {
            throw reader.Error(offset, $"The array '{Printable.Text(key)}' claims {count} elements, more than the rest of the file can "
                + "hold. The file is truncated or damaged; download it again.");
        }

        return count <= (ulong)(GgufLimits.MaxValueBytes / size)
            ? (int)count
            : throw reader.Error(offset,
            $"The array '{Printable.Text(key)}' has {count} elements, more than is supported; this is no usable language model.");
    }

    private ModelFormatException UnknownType(int type, string key, long offset)
        => reader.Error(offset, $"The metadata key '{Printable.Text(key)}' has the unknown value type {(uint)type}. The file is damaged "
        + "or newer than this program.");
}
