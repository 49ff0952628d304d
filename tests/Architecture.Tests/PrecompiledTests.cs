using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace LayerStream.Architecture.Tests;

/// <summary>Which assemblies of the built program hold machine code already.</summary>
public sealed class PrecompiledTests
{
    private static readonly DirectoryInfo s_build = new(AppContext.BaseDirectory);

    /// <summary>Code that is made ahead knows no AVX-512, and a start waits for what is not.</summary>
    [Fact]
    public void Program_Built_LeavesOnlyKernelsToTheJit()
    {
        string configuration = s_build.Parent!.Name;
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier == "linux-x64" && configuration == "Release",
            "only a release for Linux on x86-64 is compiled ahead");
        string program = Path.Combine(Path.GetDirectoryName(Repository.ProjectFile("Host"))!, "bin", configuration, s_build.Name);
        Assert.Equal(["LayerStream.Kernels.dll"],
            Directory.GetFiles(program, "*.dll").Where(f => !HoldsMachineCode(f)).Select(f => Path.GetFileName(f)));
    }

    private static bool HoldsMachineCode(string assembly)
    {
        using PEReader reader = new(File.OpenRead(assembly));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
