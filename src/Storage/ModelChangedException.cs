namespace LayerStream.Storage;

/// <summary>A model file was changed in place while it was open: what was read before and after does not belong together.</summary>
/// <param name="file">Path of the file.</param>
/// <param name="change">What changed, as <see cref="IFlashDevice.DescribeChange"/> says it.</param>
/// <param name="inner">The failed read that led here, or null.</param>
public sealed class ModelChangedException(string file, string change, Exception? inner = null)
    : IOException($"{file} {change}. Start again to use the file as it is now; to replace a model in use, rename the new file over it.",
    inner)
{
    /// <summary>Path of the file.</summary>
    public string File { get; } = file;

    /// <summary>What changed, without the path.</summary>
    public string Change { get; } = change;

    /// <summary>The first changed file of a device; null when all are as they were opened.</summary>
    public static ModelChangedException? Find(IFlashDevice device, Exception? inner = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        for (int file = 0; file < device.Files.Count; file++)
        {
            if (device.DescribeChange(file) is { } change)
            {
                return new ModelChangedException(device.Files[file], change, inner);
            }
        }

        return null;
    }
}
