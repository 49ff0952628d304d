using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LayerStream.Architecture.Tests;

public sealed class SizeTests
{
    private const int MostLines = 400;
    private const int MostKernelLines = 600;
    private const int MedianLines = 100;
    private const int MostMethodLines = 70;
    private const int MostColumns = 140;

    [Fact]
    public void SourceFiles_Length_StaysWithinLimit() => HouseRule.FileLength.Check(
        from file in SourceFile.All
        where file.Lines > (file.Path.StartsWith("src/Kernels/", StringComparison.Ordinal) ? MostKernelLines : MostLines)
        select (file.Path, $"{file.Lines} lines"));

    [Fact]
    public void SourceFiles_MedianLength_IsBelowLimit()
    {
        int[] lengths = [.. SourceFile.Program.Select(f => f.Lines).Order()];
        Assert.InRange(lengths[lengths.Length / 2], 1, MedianLines - 1);
    }

    [Fact]
    public void Methods_Length_StaysWithinLimit() => HouseRule.MethodLength.Check(
        from file in SourceFile.All
        from node in file.Syntax.DescendantNodes().Where(n =>
            n is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax)
        where SourceFile.LineCount(node) > MostMethodLines
        select ($"{file.Path} {Name(node)}", $"line {SourceFile.FirstLine(node)}, {SourceFile.LineCount(node)} lines"));

    [Fact]
    public void Lines_Length_StaysWithinLimit() => HouseRule.LineLength.Check(
        from file in SourceFile.All
        let longest = file.Text.Split('\n').Select((text, index) => (text, number: index + 1))
            .Where(l => l.text.Length > MostColumns).ToArray()
        where longest.Length > 0
        select (file.Path, $"line {longest[0].number} has {longest[0].text.Length} "
            + $"columns{(longest.Length > 1 ? $", and {longest.Length - 1} more lines" : "")}"));

    private static string Name(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };
}
