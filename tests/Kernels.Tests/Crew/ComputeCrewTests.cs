using System.Diagnostics;
using LayerStream.Kernels.Crew;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class ComputeCrewTests
{
    [Theory]
    [InlineData(1, 1000, 7)]
    [InlineData(2, 1000, 7)]
    [InlineData(5, 1, 1)]
    [InlineData(5, 0, 1)]
    [InlineData(5, 4, 1)]
    [InlineData(3, 100, 100)]
    [InlineData(3, 101, 100)]
    public void Run_AnyShape_ExecutesEveryIndexOnce(int threads, int count, int grain)
    {
        using var crew = new ComputeCrew(threads);
        var job = new CountingJob(count);
        crew.Run(job, count, grain);
        Assert.All(job.Hits, hits => Assert.Equal(1, hits));
        Assert.InRange(job.LargestRange, 0, grain);
        Assert.InRange(job.LargestWorker, 0, threads - 1);
        Assert.Equal(threads, crew.Threads);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Run_ManyRunsWithPauses_NeverLosesOrRepeatsARange(int threads)
    {
        using var crew = new ComputeCrew(threads);
        var job = new CountingJob(512);
        var random = new Random(threads);
        var clock = Stopwatch.StartNew();
        for (int run = 0; run < 20_000 && clock.ElapsedMilliseconds < 4000; run++)
        {
            int count = random.Next(0, 513);
            int grain = random.Next(1, 40);
            job.Clear();
            crew.Run(job, count, grain);
            Assert.True(job.AllOnce(count), $"run {run}: count {count}, grain {grain}");
            if (random.Next(50) == 0)
            {
                Spin(micros: 60); // about the time at which members park
            }
        }
    }

    [Fact]
    public void Run_SlowRangeOnAnotherMember_CallerWaitsParked()
    {
        using var crew = new ComputeCrew(2);
        using var release = new ManualResetEventSlim();
        int finished = 0;
        var job = new ActionJob((begin, _, worker) =>
        {
            if (worker == 0)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref finished) == -1, 20_000); // until the other member has a range
                release.Set();
            }
            else
            {
                Volatile.Write(ref finished, -1);
                release.Wait(TestContext.Current.CancellationToken);
                Spin(micros: 3000);
            }

            Interlocked.Increment(ref finished);
        });
        crew.Run(job, 2, 1);
        Assert.Equal(1, finished);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_JobThrows_RethrowsInCallerAndStaysUsable(int threads)
    {
        using var crew = new ComputeCrew(threads);
        for (int i = 0; i < 50; i++)
        {
            var failing = new ActionJob((begin, _, _) =>
            {
                if (begin == 30)
                {
                    throw new InvalidDataException("range 30");
                }
            });
            Assert.Equal("range 30", Assert.Throws<InvalidDataException>(() => crew.Run(failing, 100, 10)).Message);
            var job = new CountingJob(100);
            crew.Run(job, 100, 10);
            Assert.True(job.AllOnce(100));
        }
    }

    [Fact]
    public void Run_Nested_IsRefused()
    {
        using var crew = new ComputeCrew(2);
        var outer = new ActionJob((_, _, _) => crew.Run(new CountingJob(1), 1, 1));
        Assert.Throws<InvalidOperationException>(() => crew.Run(outer, 1, 1));
    }

    [Fact]
    public void Run_AfterDispose_Throws()
    {
        var crew = new ComputeCrew(3);
        crew.Dispose();
        crew.Dispose();
        Assert.Throws<ObjectDisposedException>(() => crew.Run(new CountingJob(1), 1, 1));
    }

    [Fact]
    public void Run_SteadyState_AllocatesNothing()
    {
        using var crew = new ComputeCrew(2);
        var job = new CountingJob(64);
        for (int i = 0; i < 200; i++)
        {
            crew.Run(job, 64, 4);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            crew.Run(job, 64, 4);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Run_WhileMembersComeAndGo_ExecutesEveryIndexOnceByThoseThatTakePart()
    {
        using var crew = new ComputeCrew(4);
        var random = new Random(4);
        var clock = Stopwatch.StartNew();
        for (int run = 0; run < 20_000 && clock.ElapsedMilliseconds < 3000; run++)
        {
            var job = new CountingJob(128);
            crew.Members = random.Next(1, 5);
            crew.Spins = random.Next(2) == 0;
            crew.Run(job, 128, random.Next(1, 40));
            Assert.True(job.AllOnce(128), $"run {run}");
            Assert.InRange(job.LargestWorker, 0, crew.Members - 1);
            if (random.Next(50) == 0)
            {
                Spin(micros: 60);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Members_OutsideTheCrew_AreRefused(int members)
    {
        using var crew = new ComputeCrew(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => crew.Members = members);
        Assert.Equal(2, crew.Members);
    }

    [Fact]
    public void HeldUpTicks_OfARunWhoseMemberIsSlow_GrowByTheWait()
    {
        using var crew = new ComputeCrew(2);
        int taken = 0, ended = 0;
        var job = new ActionJob((_, _, worker) =>
        {
            if (worker == 0)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 1, 20_000); // until the other member has a range
                Volatile.Write(ref ended, 1);
                return;
            }

            Volatile.Write(ref taken, 1);
            SpinWait.SpinUntil(() => Volatile.Read(ref ended) == 1, 20_000);
            Spin(micros: 5000);
        });
        // A caller that loses its core after its range has less to wait for, or nothing.
        for (int run = 0; run < 200 && crew.HeldUpTicks < Stopwatch.Frequency / 1000; run++)
        {
            (taken, ended) = (0, 0);
            crew.Run(job, 2, 1);
        }

        Assert.InRange(crew.HeldUpTicks, Stopwatch.Frequency / 1000, long.MaxValue);
    }

    [Fact]
    public void Run_Idle_UsesNoProcessorTime()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var crew = new ComputeCrew(4);
        crew.Run(new CountingJob(64), 64, 1);
        Spin(micros: 5000);
        long before = CrewTicks();
        using var never = new ManualResetEventSlim();
        never.Wait(300, TestContext.Current.CancellationToken);
        Assert.InRange(CrewTicks() - before, 0, 1); // in 10 ms ticks over all crew threads
    }

    private static long CrewTicks()
    {
        long ticks = 0;
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(task, "stat"));
            }
            catch (IOException)
            {
                continue; // a thread that ended meanwhile
            }

            if (stat.Contains("(crew-", StringComparison.Ordinal))
            {
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                ticks += long.Parse(fields[11]) + long.Parse(fields[12]);
            }
        }

        return ticks;
    }

    private static void Spin(int micros)
    {
        long end = Stopwatch.GetTimestamp() + (Stopwatch.Frequency * micros / 1_000_000);
        while (Stopwatch.GetTimestamp() < end)
        {
            Thread.SpinWait(4);
        }
    }

    private sealed class ActionJob(Action<int, int, int> body) : CrewJob
    {
        public override void Execute(int begin, int end, int worker) => body(begin, end, worker);
    }

    private sealed class CountingJob(int capacity) : CrewJob
    {
        private int _largestRange;
        private int _largestWorker;

        public int[] Hits { get; } = new int[capacity];

        public int LargestRange => _largestRange;

        public int LargestWorker => _largestWorker;

        public override void Execute(int begin, int end, int worker)
        {
            for (int i = begin; i < end; i++)
            {
                Hits[i]++; // plain: a range belongs to one member, and Run's end publishes it
            }

            Raise(ref _largestRange, end - begin);
            Raise(ref _largestWorker, worker);
        }

        public void Clear() => Array.Clear(Hits);

        public bool AllOnce(int count) =>
            Hits.AsSpan(0, count).IndexOfAnyExcept(1) < 0 && Hits.AsSpan(count).IndexOfAnyExcept(0) < 0;

        private static void Raise(ref int largest, int value)
        {
            for (int seen = Volatile.Read(ref largest); seen < value;)
            {
                int found = Interlocked.CompareExchange(ref largest, value, seen);
                seen = found == seen ? value : found;
            }
        }
    }
}
