namespace LayerStream.Formats;

/// <summary>
/// Reads one file: header and metadata on construction, tensors on demand. Format: GGUF specification, versions 2 and 3.
/// </summary>
internal sealed class ShardReader : IDisposable
{
    private readonly BoundedReader _reader;
    private readonly int _tensorCount;
    private readonly long _tensorTable;

    internal ShardReader(string path, byte[] buffer, StringListBuilder strings)
    {
        _reader = new BoundedReader(path, buffer);
        try
        {
            Version = ReadVersion();
            long offset = _reader.Position;
            long tensors = _reader.ReadInt64("the header");
            long keys = _reader.ReadInt64("the header");
            _tensorCount = CheckCount(tensors, GgufLimits.MinTensorBytes, GgufLimits.MaxTensors, offset, "tensors");
            int keyCount = CheckCount(keys, GgufLimits.MinKeyBytes, GgufLimits.MaxKeys, offset + sizeof(long), "metadata keys");
            Metadata = new MetadataReader(_reader, strings).Read(keyCount);
            _tensorTable = _reader.Position;
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    internal int Version { get; }

    internal GgufMetadata Metadata { get; }

    internal int TensorCount => _tensorCount;

    /// <summary>Leaves the file open, in the hands of those who read weights.</summary>
    internal void KeepIn(ModelFiles files) => _reader.KeepIn(files);

    public void Dispose() => _reader.Dispose();

    internal ModelFormatException Error(long offset, string message) => _reader.Error(offset, message);

    /// <summary>Reads and checks the tensor table and appends it to the model's.</summary>
    /// <param name="file">Index of this file.</param>
    /// <param name="table">Receives the tensors.</param>
    internal void ReadTensors(int file, TensorTable table)
    {
        int alignment = ReadAlignment();
        if (_tensorCount == 0)
        {
            return;
        }

        // The data section begins after the table, so walk the table once to know it.
        _reader.Seek(_tensorTable);
        for (int i = 0; i < _tensorCount; i++)
        {
            _reader.Skip(ReadNameLength(), "a tensor name");
            _reader.Skip(ReadDimensionCount() * sizeof(long) + sizeof(int) + sizeof(long), "the description of a tensor");
        }

        long end = _reader.Position;
        long data = (end + alignment - 1) / alignment * alignment;
        if (data > _reader.Length)
        {
            throw _reader.Error(end, "The file ends before its tensor data. It is truncated; download it again.");
        }

        _reader.Seek(_tensorTable);
        int first = table.Count;
        bool ascending = true;
        long previousEnd = data;
        for (int i = 0; i < _tensorCount; i++)
        {
            long begin = _reader.Position;
            var tensor = ReadTensor(file, data, alignment);
            if (!table.Add(tensor))
            {
                throw Repeated(begin, tensor.Name, table.Find(tensor.Name)!.Extent.File, file);
            }

            ascending &= tensor.Extent.Offset >= previousEnd;
            previousEnd = tensor.Extent.Offset + tensor.Extent.Length;
        }

        if (!ascending)
        {
            CheckOverlap(table, first);
        }
    }

    private ModelFormatException Repeated(long begin, string name, int earlier, int file) => _reader.Error(begin, earlier == file
        ? $"The tensor '{Printable.Text(name)}' occurs twice. The model is damaged; download or convert it again."
        : $"The tensor '{Printable.Text(name)}' occurs twice, here and in file {earlier + 1} of the set. The files are from different "
        + "models; download the whole set again.");

    private int ReadVersion()
    {
        if (_reader.Length < GgufLimits.HeaderBytes)
        {
            throw _reader.Error(0, $"The file has only {_reader.Length} bytes and cannot be a GGUF model. Download it again.");
        }

        if (ForeignFormat.Describe(_reader.Take(ForeignFormat.HeadBytes, "the header")) is { } foreign)
        {
            throw _reader.Error(0, foreign);
        }

        _reader.Seek(sizeof(uint));
        uint version = _reader.ReadUInt32("the header");
        if (version is 2 or 3)
        {
            return (int)version;
        }

        throw _reader.Error(4, version != 0 && (version & 0xFFFF) == 0
            ? "This is a big-endian GGUF file, which is not supported; get the little-endian version of the model."
            : $"GGUF version {version} is not supported (2 and 3 are); convert the model again with a current converter.");
    }

    private int CheckCount(long count, int minimumBytes, int cap, long offset, string what)
    {
        if (count < 0 || count > _reader.Remaining / minimumBytes)
        {
            throw _reader.Error(offset, $"The header claims {(ulong)count} {what}, more than the file can hold. The file is truncated "
                + "or damaged; download it again.");
        }

        return count <= cap ? (int)count : throw _reader.Error(offset, $"The file has {count} {what}; at most {cap} are supported.");
    }

    private int ReadAlignment()
    {
        const string Key = "general.alignment";
        long value = Metadata.GetInt64(Key, GgufLimits.DefaultAlignment);
        return GgufLimits.IsAlignment(value)
            ? (int)value
            : throw _reader.Error(Metadata.OffsetOf(Key),
            $"The alignment {value} ('{Key}') is not supported: only multiples of {GgufLimits.MinAlignment} up to "
            + $"{GgufLimits.MaxAlignment} are. Convert the model again without that key.");
    }

    private int ReadNameLength()
    {
        long offset = _reader.Position;
        long length = _reader.ReadInt64("a tensor name");
        return length is > 0 and <= GgufLimits.MaxTensorNameBytes
            ? (int)length
            : throw _reader.Error(offset, $"A tensor name has {(ulong)length} bytes; 1 to {GgufLimits.MaxTensorNameBytes} are allowed. "
            + "The file is damaged; download or convert it again.");
    }

    private int ReadDimensionCount()
    {
        long offset = _reader.Position;
        uint count = _reader.ReadUInt32("the number of dimensions of a tensor");
        return count <= GgufLimits.MaxDimensions
            ? (int)count
            : throw _reader.Error(offset, $"A tensor has {count} dimensions; at most {GgufLimits.MaxDimensions} are allowed. The file "
            + "is damaged; download or convert it again.");
    }

    private TensorInfo ReadTensor(int file, long data, int alignment)
    {
        const string What = "the description of a tensor";
        string name = _reader.ReadText(ReadNameLength(), "a tensor name");
        long shapeOffset = _reader.Position;
        var shape = ReadShape(name);
        long typeOffset = _reader.Position;
        uint id = _reader.ReadUInt32(What);
        if (!TensorTypes.TryGet((int)id, out var type))
        {
            throw _reader.Error(typeOffset, $"The tensor '{Printable.Text(name)}' has the type {id}, which is unknown or no longer part "
                + "of GGUF; get the model in another quantisation.");
        }

        long bytes = Bytes(name, shape, type, shapeOffset);
        long offsetOffset = _reader.Position;
        long offset = _reader.ReadInt64(What);
        if (offset < 0 || offset > _reader.Length - data || bytes > _reader.Length - data - offset)
        {
            throw _reader.Error(offsetOffset, $"The tensor '{Printable.Text(name)}' ({bytes} bytes at {(ulong)offset} of the data "
                + $"section, which begins at {data}) lies outside the file of {_reader.Length} bytes. The file is truncated or damaged; "
                + $"download it again.");
        }

        return offset % alignment == 0
            ? new TensorInfo(name, type.Type, shape, new Extent(file, data + offset, bytes))
            : throw _reader.Error(offsetOffset, $"The offset {offset} of the tensor '{Printable.Text(name)}' is no multiple of the "
            + $"alignment {alignment}. The file is damaged; download or convert it again.");
    }

    private long[] ReadShape(string name)
    {
        int count = ReadDimensionCount();
        var shape = new long[Math.Max(1, count)];
        shape[0] = 1;
        long elements = 1;
        for (int i = 0; i < count; i++)
        {
            long offset = _reader.Position;
            long size = _reader.ReadInt64("the dimensions of a tensor");
            if (size <= 0 || size > long.MaxValue / elements)
            {
                throw _reader.Error(offset, $"The tensor '{Printable.Text(name)}' has the impossible dimension {size}. The file is "
                    + "damaged; download or convert it again.");
            }

            shape[i] = size;
            elements *= size;
        }

        // Absent dimensions are 1, so that trailing ones say nothing: [64, 64, 8, 1] is a stack of eight matrices.
        int last = shape.Length;
        while (last > 1 && shape[last - 1] == 1)
        {
            last--;
        }

        return last == shape.Length ? shape : shape[..last];
    }

    private long Bytes(string name, long[] shape, TensorTypeInfo type, long shapeOffset)
    {
        if (shape[0] % type.BlockSize != 0)
        {
            throw _reader.Error(shapeOffset, $"The rows of the tensor '{Printable.Text(name)}' have {shape[0]} elements, no multiple of "
                + $"the {type.BlockSize} of a {type.Name} block. The file is damaged; download or convert it again.");
        }

        long blocks = shape[0] / type.BlockSize;
        for (int i = 1; i < shape.Length; i++)
        {
            blocks *= shape[i]; // no overflow: the product of the dimensions has none
        }

        return blocks <= long.MaxValue / type.BlockBytes
            ? blocks * type.BlockBytes
            : throw _reader.Error(shapeOffset,
            $"The size of the tensor '{Printable.Text(name)}' overflows. The file is damaged; download or convert it again.");
    }

    private void CheckOverlap(TensorTable table, int first)
    {
        var order = new int[table.Count - first];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = first + i;
        }

        Array.Sort(order, (a, b) => table[a].Extent.Offset.CompareTo(table[b].Extent.Offset));
        for (int i = 1; i < order.Length; i++)
        {
            var before = table[order[i - 1]];
            var after = table[order[i]];
            if (before.Extent.Offset + before.Extent.Length > after.Extent.Offset)
            {
                throw _reader.Error(after.Extent.Offset, $"The data of the tensors '{Printable.Text(before.Name)}' and "
                    + $"'{Printable.Text(after.Name)}' overlap. The file is damaged; download or convert it again.");
            }
        }
    }
}
