namespace LayerStream.Formats;

/// <summary>Opens the file or files of a model and checks that they belong together.</summary>
internal sealed class ModelReader(ModelFiles? keep)
{
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TotalKey = "split.tensors.count";

    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly StringListBuilder _strings = new();

    internal GgufModel Read(string path)
    {
        try
        {
            path = Path.GetFullPath(path);
        }
        catch (Exception error) when (error is ArgumentException or IOException or NotSupportedException)
        {
            throw new ModelFormatException(path, 0, $"This is no valid path: {error.Message}");
        }

        try
        {
            return ReadFrom(path);
        }
        catch (ModelFormatException error) when (FilePiece.Advice(error.File) is { } advice)
        {
            throw new ModelFormatException(error.File, error.Offset, $"{advice} ({error.Reason})");
        }
    }

    private GgufModel ReadFrom(string path)
    {
        var shard = new ShardReader(path, _buffer, _strings);
        try
        {
            if (SplitCount(shard) is not int count)
            {
                return ReadSingle(path, shard);
            }

            long number = RequiredSplitKey(shard, NumberKey);
            var name = CheckedName(path, shard, number, count);
            if (number != 0)
            {
                shard.Dispose();
                path = name.Path(1);
                shard = OpenShard(path, count);
                CheckShard(shard, 0, count);
            }

            return ReadSplit(name, shard);
        }
        finally
        {
            shard.Dispose();
        }
    }

    private GgufModel ReadSingle(string path, ShardReader shard)
    {
        var table = new TensorTable(shard.TensorCount);
        shard.ReadTensors(0, table);
        Keep(shard);
        return Finish([path], shard, table);
    }

    private GgufModel ReadSplit(ShardName name, ShardReader first)
    {
        long total = RequiredSplitKey(first, TotalKey);
        if (total is < 0 or > GgufLimits.MaxTensors)
        {
            throw first.Error(first.Metadata.OffsetOf(TotalKey),
                $"The key '{TotalKey}' is {total}; 0 to {GgufLimits.MaxTensors} tensors are supported.");
        }

        var files = new string[name.Count];
        var table = new TensorTable((int)total);
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = name.Path(i + 1);
            if (i == 0)
            {
                ReadShard(first, 0, total, table);
                Keep(first);
                continue;
            }

            using var shard = OpenShard(files[i], name.Count);
            CheckShard(shard, i, name.Count);
            if (shard.Metadata.Contains(TotalKey) && shard.Metadata.GetInt64(TotalKey) != total)
            {
                throw shard.Error(shard.Metadata.OffsetOf(TotalKey),
                    $"The key '{TotalKey}' differs from the first file's, {total}. The files are from different models; download the "
                    + $"whole set again.");
            }

            ReadShard(shard, i, total, table);
            Keep(shard);
        }

        return table.Count == total ? Finish(files, first, table) : throw Disagreement(first, total, $"only {table.Count}");
    }

    private void Keep(ShardReader shard)
    {
        if (keep is not null)
        {
            shard.KeepIn(keep);
        }
    }

    private static void ReadShard(ShardReader shard, int file, long total, TensorTable table)
    {
        if (table.Count + shard.TensorCount > total)
        {
            throw Disagreement(shard, total, "more");
        }

        shard.ReadTensors(file, table);
    }

    private static ModelFormatException Disagreement(ShardReader shard, long total, string found)
        => shard.Error(shard.Metadata.OffsetOf(TotalKey),
        $"The key '{TotalKey}' promises {total} tensors, but the files hold {found}. The files are from different models; download the "
        + $"whole set again.");

    private static GgufModel Finish(IReadOnlyList<string> files, ShardReader first, TensorTable table)
    {
        MetadataRules.Check(files[0], first.Metadata, table);
        return new GgufModel(files, first.Metadata, table, first.Metadata.GetString("general.architecture"), first.Version);
    }

    private ShardReader OpenShard(string path, int count)
        => File.Exists(path)
            ? new ShardReader(path, _buffer, _strings)
            : throw new ModelFormatException(path, 0,
            $"This file of a model split into {count} is missing; put all {count} files into one folder.");

    /// <summary>The number of files of a split model; null for a single file.</summary>
    private static int? SplitCount(ShardReader shard)
    {
        long count = shard.Metadata.GetInt64(CountKey, 1);
        return count <= 1 ? null : count <= GgufLimits.MaxShards
            ? (int)count
            : throw shard.Error(shard.Metadata.OffsetOf(CountKey),
            $"The model is split into {count} files; at most {GgufLimits.MaxShards} are supported.");
    }

    private static long RequiredSplitKey(ShardReader shard, string key)
        => shard.Metadata.TryGetInt64(key, out long value)
            ? value
            : throw shard.Error(shard.Metadata.OffsetOf(key),
            $"The file belongs to a split model but its key '{key}' is missing or no integer. It is damaged; download or split the "
            + $"model again.");

    private static ShardName CheckedName(string path, ShardReader shard, long number, int count)
    {
        if (!ShardName.TryParse(path, out var name))
        {
            throw shard.Error(0, $"This is file {number + 1} of a model split into {count}, so its name must end in "
                + $"-00001-of-{count:D5}.gguf with its number; give all {count} files their original names.");
        }

        return name.Count == count && name.Number == number + 1
            ? name
            : throw shard.Error(shard.Metadata.OffsetOf(NumberKey),
            $"By its name this is file {name.Number} of {name.Count}, by its contents {number + 1} of {count}; give the files their "
            + $"original names.");
    }

    private static void CheckShard(ShardReader shard, int number, int count)
    {
        long found = RequiredSplitKey(shard, NumberKey);
        if (found != number)
        {
            throw shard.Error(shard.Metadata.OffsetOf(NumberKey),
                $"By its name this is file {number + 1} of {count}, by its contents file {found + 1}; give the files their original "
                + $"names, or download file {number + 1} again if it is a copy.");
        }

        if ((number == 0 || shard.Metadata.Contains(CountKey)) && RequiredSplitKey(shard, CountKey) != count)
        {
            throw shard.Error(shard.Metadata.OffsetOf(CountKey),
                $"The key '{CountKey}' differs from the set's {count}. The files are from different models; download the whole set again.");
        }
    }
}
