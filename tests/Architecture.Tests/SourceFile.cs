using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace LayerStream.Architecture.Tests;

/// <summary>A C# file with its syntax; <paramref name="Path"/> is relative to the root.</summary>
internal sealed record SourceFile(string Path, string Text, SyntaxNode Syntax)
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> s_all = new(() => [.. new[] { "src", "tests", "benchmarks" }.SelectMany(Read)]);

    internal static IReadOnlyList<SourceFile> All => s_all.Value;

    internal static IEnumerable<SourceFile> Program => All.Where(f => f.Path.StartsWith("src/", StringComparison.Ordinal));

    internal int Lines => Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    internal static int FirstLine(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    internal static int LineCount(SyntaxNode node) => node.GetLocation().GetLineSpan().EndLinePosition.Line + 2 - FirstLine(node);

    private static IEnumerable<SourceFile> Read(string folder) => Repository.Files(folder, ".cs").Select(path =>
    {
        string text = File.ReadAllText(System.IO.Path.Combine(Repository.Root, path));
        return new SourceFile(path, text, CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot());
    });
}
