using System.Globalization;
using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>Small files that are replaced whole: no reader sees half of one, and a failure leaves what was there.</summary>
internal static class ReplacedFile
{
    /// <summary>Writes beside the file, and renames. Errors: as <see cref="File.WriteAllBytes(string, byte[])"/>; nothing is left
    /// behind.</summary>
    /// <param name="path">No link: it would be replaced itself.</param>
    /// <param name="bytes">What it is to hold.</param>
    public static void Write(string path, byte[] bytes)
    {
        string part = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(part, bytes);
            ProcessMemory.DropFileCache(part); // pages of a file we wrote count against the budget
            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }
}
