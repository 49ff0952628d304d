using System.CommandLine;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Storage;

namespace LayerStream.Host.Verbs;

/// <summary>Where a verb is to write a large file.</summary>
internal static class OutputPlace
{
    private const int MostLinks = 40; // as many as Linux follows

    /// <summary>Opens the file that an option names; null where it names none.</summary>
    /// <param name="option">The option.</param>
    /// <param name="parse">The command line.</param>
    /// <param name="others">Files that are read or written beside it; null = one that there is not.</param>
    /// <exception cref="UsageException">The file is one of them, or a model.</exception>
    public static TransientFile? Create(Option<string?> option, ParseResult parse, params ReadOnlySpan<string?> others) =>
        parse.GetValue(option) is { } path ? Create(option.Name, path, others) : null;

    /// <summary>Opens a file to write what an option asks for. Errors: as <see cref="TransientFile.Create"/>.</summary>
    /// <exception cref="UsageException">The file is one of the others, or a model.</exception>
    public static TransientFile Create(string option, string path, params ReadOnlySpan<string?> others)
    {
        foreach (string? other in others)
        {
            if (other is not null && !IsDevice(path) && IsSame(path, other))
            {
                throw new UsageException($"{option} {path} would be written over {other}. Give another name.");
            }
        }

        RefuseFolder(option, path);
        RefuseModel(option, path);
        return TransientFile.Create(path);
    }

    /// <summary>Refuses a file that holds a model: one wrong name must not cost a download.</summary>
    /// <exception cref="UsageException">It does.</exception>
    public static void RefuseModel(string option, string path)
    {
        if (ModelFile.IsModel(path))
        {
            throw new UsageException($"{path} is a model, and {option} does not write over one. Give another name.");
        }
    }

    /// <summary>Refuses a folder where a file is to be written.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    public static void RefuseFolder(string option, string path)
    {
        if (Directory.Exists(path))
        {
            throw new UsageException($"{option}: {path} is a folder. Give the name of a file in it.");
        }
    }

    /// <summary>Refuses what cannot be written once the work is done: a folder, a model, a name in a folder that is not there.</summary>
    /// <exception cref="UsageException">It is one of these.</exception>
    public static void RefuseUnusable(string option, string path)
    {
        RefuseFolder(option, path);
        RefuseModel(option, path);
        _ = FolderOf(path);
    }

    /// <summary>Fails when the folder is not there or has no room.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="neededBytes">Bytes it takes on disk.</param>
    /// <param name="replacedBytes">Bytes that are given up before.</param>
    /// <param name="advice">What takes less; a sentence.</param>
    /// <exception cref="UsageException">There is no folder, or no room.</exception>
    public static void CheckRoom(string path, long neededBytes, long replacedBytes, string advice)
    {
        long there = new DriveInfo(FolderOf(path)).AvailableFreeSpace + replacedBytes;
        if (neededBytes > there)
        {
            throw new UsageException(
                $"The file takes {ByteSize.Format(neededBytes)} on disk, and {ByteSize.Format(there)} are free. {advice}");
        }
    }

    /// <summary>Length of a file; 0 when it is not there.</summary>
    public static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Whether two paths lead to one file, by whatever links.</summary>
    public static bool IsSame(string path, string other)
    {
        StringComparison comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return string.Equals(Real(path), Real(other), comparison)
            || (FileIdentity.Of(path) is { } identity && identity == FileIdentity.Of(other)); // two names of one file
    }

    /// <summary>The full path with every symbolic link followed, as far as it is there.</summary>
    private static string Real(string path)
    {
        string full = Path.GetFullPath(path), real = Path.GetPathRoot(full) ?? "";
        Stack<string> names = new(Names(full[real.Length..]).Reverse());
        for (int links = 0; names.TryPop(out string? name);)
        {
            string next = Path.Combine(real, name);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            if (info.LinkTarget is not { } target || ++links > MostLinks)
            {
                real = next;
                continue;
            }

            string leads = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(leads) ?? "";
            foreach (string part in Names(leads[real.Length..]).Reverse())
            {
                names.Push(part);
            }
        }

        return real;
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent && Directory.Exists(parent)
        ? parent : throw new UsageException($"There is no folder for {path}.");

    // What several streams may share, such as /dev/null or /dev/stdout.
    private static bool IsDevice(string path) => Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal);

    private static string[] Names(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
