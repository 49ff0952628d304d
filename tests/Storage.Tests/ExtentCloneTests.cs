using Microsoft.Win32.SafeHandles;
using Xunit;

namespace LayerStream.Storage.Tests;

/// <summary>Shared extents where the file system has them (xfs, btrfs), and a plain refusal where it has not.</summary>
public sealed class ExtentCloneTests
{
    private const int Length = 8192;

    [Fact]
    public void Share_OnAFileSystemThatCan_GivesTheSameBytesBehindTheEnd()
    {
        using TestFiles files = new();
        IOException? error = Share(files, out byte[] content);
        Assert.SkipWhen(error is not null, "this file system cannot share extents");
        Assert.Equal(2 * Length, content.Length);
        Assert.Equal(content[..Length], content[Length..]);
        Assert.Equal(TestFiles.Pattern(Length), content[..Length]);
    }

    [Fact]
    public void Share_OnAFileSystemThatCannot_NamesIt()
    {
        using TestFiles files = new();
        IOException? error = Share(files, out byte[] content);
        Assert.SkipWhen(error is null, "this file system can share extents");
        Assert.Contains(ExtentClone.FileSystem(files.Root), error.Message, StringComparison.Ordinal);
        Assert.Contains(files.Root, error.Message, StringComparison.Ordinal);
        Assert.Equal(TestFiles.Pattern(Length), content);
    }

    private static IOException? Share(TestFiles files, out byte[] content)
    {
        string path = files.Write("f", TestFiles.Pattern(Length));
        IOException? error = null;
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            try
            {
                ExtentClone.Share(file, 0, Length, Length, path);
            }
            catch (IOException e)
            {
                error = e;
            }
        }

        content = File.ReadAllBytes(path);
        return error;
    }
}
