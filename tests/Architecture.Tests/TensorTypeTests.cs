using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LayerStream.Architecture.Tests;

/// <summary>A tensor type is added in three files: a row for its bytes, a file with its operators, a row for its loops.</summary>
public sealed class TensorTypeTests
{
    private const string Bytes = "src/Formats/TensorTypes.cs";
    private const string Operators = "src/Kernels/Quants/Types";
    private const string Loops = Operators + "/QuantTypes.cs";

    /// <summary>Types that a file may name without being a table of them: what an element plainly is, what something falls back
    /// to.</summary>
    private const int MostNamed = 2;

    /// <summary>Tables whose rows are mixtures of types, not types: a new type needs no row there.</summary>
    private static readonly string[] s_mixtures =
        ["src/Conversion/QuantizeTargets.cs", "src/Models/Synthesis/Shapes/TensorMix.cs"];

    [Fact]
    public void TensorTypes_InTheProgram_HaveNoOtherTables()
    {
        SourceFile[] others = [.. SourceFile.Program.Where(f => f.Path is not (Bytes or Loops) && !s_mixtures.Contains(f.Path))];
        Assert.Empty(
            from file in others
            let named = Named(file.Syntax).Distinct().ToArray()
            where named.Length > MostNamed
            select $"{file.Path} names {string.Join(", ", named)}");
        Assert.Empty(
            from file in others
            where file.Syntax.DescendantNodes().OfType<UsingDirectiveSyntax>()
                .Any(u => u.StaticKeyword.Text == "static" && u.Name?.ToString().EndsWith(".TensorType", StringComparison.Ordinal) == true)
            select file.Path);
    }

    [Fact]
    public void TensorTypes_EachWithOperators_StandInThreeFiles()
    {
        string[] ids = [.. Syntax(Bytes).DescendantNodes().OfType<EnumMemberDeclarationSyntax>().Select(m => m.Identifier.Text)];
        string[] loops = [.. Rows(Loops)];
        Assert.Equal(ids.Order(StringComparer.Ordinal), Rows(Bytes).Order(StringComparer.Ordinal));
        Assert.Equal(loops.Distinct(), loops);
        Assert.Empty(loops.Except(ids));
        Assert.All(loops, name => Assert.Contains(SourceFile.Program, f => f.Path == $"{Operators}/{name}.cs"));
        Assert.True(loops.Length > 20, $"{loops.Length} rows were found");
    }

    /// <summary>Types that are the first argument of a constructor.</summary>
    private static IEnumerable<string> Rows(string path) => Syntax(path).DescendantNodes().OfType<BaseObjectCreationExpressionSyntax>()
        .Select(row => row.ArgumentList?.Arguments.FirstOrDefault()).OfType<ArgumentSyntax>()
        .Where(a => a.Expression is MemberAccessExpressionSyntax).SelectMany(Named);

    private static IEnumerable<string> Named(SyntaxNode node) => node.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
        .Where(m => m.Expression.ToString().Split('.')[^1] == "TensorType").Select(m => m.Name.Identifier.Text);

    private static SyntaxNode Syntax(string path) => SourceFile.Program.Single(f => f.Path == path).Syntax;
}
