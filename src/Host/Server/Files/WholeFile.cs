using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LayerStream.Host.Server.Files;

/// <summary>Records in small files that are either as they were or as they are to be, whatever ends the process; only their owner
/// can read them.</summary>
internal static class WholeFile
{
    /// <summary>Ending of what is not whole yet.</summary>
    public const string UnfinishedEnding = ".part";

    private const UnixFileMode OwnerReads = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a folder that only its owner can enter, unless it is there. Errors: as <see cref="Directory"/>.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerReads | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a record in place of what the file was. Errors: as <see cref="FileStream"/>.</summary>
    public static void Write<T>(string path, T record, JsonTypeInfo<T> type)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerReads;
        }

        string unfinished = path + UnfinishedEnding;
        using (FileStream file = new(unfinished, options))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(record, type));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Reads a record; null = no daemon wrote it so. Errors: as <see cref="FileStream"/>.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Holds a folder for this process alone, until what is given back is disposed of or the process ends in any way.</summary>
    /// <exception cref="IOException">Another process has it, or it cannot be written.</exception>
    public static IDisposable Hold(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            throw new IOException($"{folder} is used by another process; give each daemon a folder of its own by --files-dir.", e);
        }
    }
}
