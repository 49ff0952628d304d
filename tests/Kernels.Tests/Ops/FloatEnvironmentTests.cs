using System.Runtime.InteropServices;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Threads whose processor mode a native library has changed are refused. The mode is set through the C library's
/// environment.</summary>
public sealed unsafe class FloatEnvironmentTests
{
    private const int Room = 64; // more than fenv_t has on any Linux

    [Fact]
    public void Fault_OrdinaryThread_IsNull()
    {
        Assert.Null(FloatEnvironment.Fault);
        FloatEnvironment.Require();
    }

    [Fact]
    public void Require_ThreadThatFlushesSubnormals_Throws()
    {
        FloatEnvironmentException? error = InMode(true, FloatEnvironment.Require);
        Assert.False(Assert.IsType<FloatEnvironmentException>(error).KeepsSubnormals);
    }

    [Fact]
    public void Require_ThreadThatRoundsUp_Throws()
    {
        FloatEnvironmentException? error = InMode(false, FloatEnvironment.Require);
        Assert.True(Assert.IsType<FloatEnvironmentException>(error).KeepsSubnormals);
    }

    [Fact]
    public void CrewRun_CallerThatFlushesSubnormals_Throws()
    {
        using ComputeCrew crew = new(2);
        Assert.NotNull(InMode(true, () => crew.Run(new Nothing(), 4, 1)));
        crew.Run(new Nothing(), 4, 1); // from an ordinary thread
    }

    [Fact]
    public void CrewRun_MembersStartedByAThreadThatFlushesSubnormals_Throws()
    {
        ComputeCrew? crew = null;
        Assert.Null(InMode(true, () => crew = new ComputeCrew(2))); // its member inherits the mode
        using (crew)
        {
            Assert.SkipWhen(Member(crew!) is null, "threads do not inherit the mode here");
        }
    }

    private static FloatEnvironmentException? Member(ComputeCrew crew)
    {
        for (int run = 0; run < 10_000; run++)
        {
            try
            {
                crew.Run(new Nothing(), 64, 1);
            }
            catch (FloatEnvironmentException error)
            {
                return error;
            }
        }

        return null;
    }

    private static FloatEnvironmentException? InMode(bool flushes, Action action)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64,
            "sets the mode as glibc lays it out");
        FloatEnvironmentException? error = null;
        Thread thread = new(() =>
        {
            byte* mode = stackalloc byte[Room], before = stackalloc byte[Room];
            _ = Get(before);
            new Span<byte>(before, Room).CopyTo(new Span<byte>(mode, Room));
            if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
            {
                *(uint*)(mode + 28) |= flushes ? 0x8040u : 0x4000u; // MXCSR: flush to zero and denormals are zero, or round up
            }
            else
            {
                *(uint*)mode |= flushes ? 1u << 24 : 1u << 22; // FPCR: FZ, or round up
            }

            _ = Set(mode);
            try
            {
                action();
            }
            catch (FloatEnvironmentException caught)
            {
                error = caught;
            }
            finally
            {
                _ = Set(before);
            }
        });
        thread.Start();
        thread.Join();
        return error;
    }

    [DllImport("libm.so.6", EntryPoint = "fegetenv")]
    private static extern int Get(byte* environment);

    [DllImport("libm.so.6", EntryPoint = "fesetenv")]
    private static extern int Set(byte* environment);

    private sealed class Nothing : CrewJob
    {
        public override void Execute(int begin, int end, int worker)
        {
        }
    }
}
