using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LayerStream.Architecture.Tests;

/// <summary>Memory outside of the managed heap is taken in one place, which asks an account of the budget for it.</summary>
public sealed class NativeMemoryTests
{
    private const string Source = "src/Memory/AlignedBuffer.cs";

    /// <summary>A table of constants, a few pages, which lives as long as the program.</summary>
    private const string Constants = "src/Kernels/Quants/Types/Grids.cs";

    private static readonly string[] s_makers = ["Alloc", "AllocZeroed", "AlignedAlloc", "Realloc", "AlignedRealloc", "AllocHGlobal",
        "AllocCoTaskMem", "ReAllocHGlobal", "ReAllocCoTaskMem"];

    [Fact]
    public void NativeMemory_InTheProgram_IsTakenInOnePlace() => Assert.Equal(
        [Constants, Source],
        SourceFile.Program.Where(f => f.Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Any(Takes))
            .Select(f => f.Path).Order(StringComparer.Ordinal));

    private static bool Takes(MemberAccessExpressionSyntax call) => s_makers.Contains(call.Name.Identifier.Text)
        && call.Expression.ToString().Split('.')[^1] is ("NativeMemory" or "Marshal");
}
