using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LayerStream.Architecture.Tests;

public sealed partial class NameTests
{
    private static readonly string[] s_bannedWords = ["manager", "helper", "util", "utils", "utility", "utilities", "chunk", "segment"];
    private static readonly string[] s_bannedFolders = ["Core", "Common", "Utils", "Utilities", "Helpers", "Misc", "Shared"];

    [Fact]
    public void Fields_Private_AreNamedByKind() => HouseRule.FieldName.Check(
        from file in SourceFile.All
        from field in file.Syntax.DescendantNodes().OfType<FieldDeclarationSyntax>()
        from variable in field.Declaration.Variables
        where !FieldPattern(field).IsMatch(variable.Identifier.Text)
        select ($"{file.Path} {variable.Identifier.Text}", $"wanted {FieldPattern(field)}"));

    [Fact]
    public void Names_OfOurOwn_SayWhatTheyAre() => HouseRule.PlainWord.Check(
        from file in SourceFile.All
        from name in Declared(file.Syntax).Append(Path.GetFileNameWithoutExtension(file.Path)).Distinct()
        from word in Words().Matches(name).Select(m => m.Value)
        where s_bannedWords.Contains(word.ToLowerInvariant().TrimEnd('s')) || s_bannedWords.Contains(word.ToLowerInvariant())
        select ($"{file.Path} {name}", ""));

    [Fact]
    public void Folders_OfTheProgram_HaveATheme() =>
        Assert.DoesNotContain(SourceFile.Program.SelectMany(f => f.Path.Split('/')[1..^1]), folder => s_bannedFolders.Contains(folder));

    [Fact]
    public void Tests_Names_HaveSubjectConditionAndOutcome() => HouseRule.TestName.Check(
        from file in SourceFile.All.Where(f => f.Path.StartsWith("tests/", StringComparison.Ordinal))
        from method in file.Syntax.DescendantNodes().OfType<MethodDeclarationSyntax>()
        where method.AttributeLists.SelectMany(l => l.Attributes).Any(a => a.Name.ToString() is "Fact" or "Theory")
            && !ThreeParts().IsMatch(method.Identifier.Text)
        select ($"{file.Path} {method.Identifier.Text}", ""));

    [Fact]
    public void Classes_NotDerivedFrom_AreSealed()
    {
        HashSet<string> bases = [.. CompiledCode.Modules.SelectMany(m => m.GetTypes())
            .Select(t => t.BaseType?.GetElementType().FullName ?? "")];
        HouseRule.Sealed.Check(
            from module in CompiledCode.Modules
            from type in CompiledCode.Types(module)
            where type is { IsClass: true, IsValueType: false, IsSealed: false, IsAbstract: false } && !type.Name.Contains('<')
                && !bases.Contains(type.FullName)
            select (type.FullName, ""));
    }

    [Fact]
    public void Interfaces_OfTheProgram_HaveSeveralImplementations()
    {
        ILookup<string, string> implementations = SourceFile.All.SelectMany(f => f.Syntax.DescendantNodes().OfType<TypeDeclarationSyntax>())
            .SelectMany(t => (t.BaseList?.Types ?? []).Select(b => (Base: SimpleName().Match(b.Type.ToString()).Value, t.Identifier.Text)))
            .ToLookup(t => t.Base, t => t.Text);
        HouseRule.SeveralImplementations.Check(
            from file in SourceFile.Program
            from type in file.Syntax.DescendantNodes().OfType<InterfaceDeclarationSyntax>()
            where implementations[type.Identifier.Text].Distinct().Count() < 2
            select (type.Identifier.Text, file.Path));
    }

    private static Regex FieldPattern(FieldDeclarationSyntax field)
    {
        bool Has(SyntaxKind kind) => field.Modifiers.Any(kind);
        bool isPrivate = !Has(SyntaxKind.PublicKeyword) && !Has(SyntaxKind.InternalKeyword) && !Has(SyntaxKind.ProtectedKeyword);
        return Has(SyntaxKind.ConstKeyword) ? ConstantName() : !isPrivate ? AnyName() : Has(SyntaxKind.StaticKeyword) ? StaticName()
            : InstanceName();
    }

    private static IEnumerable<string> Declared(SyntaxNode root) => root.DescendantNodes().Select(node => node switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        DelegateDeclarationSyntax type => type.Identifier.Text,
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        VariableDeclaratorSyntax variable => variable.Identifier.Text,
        SingleVariableDesignationSyntax variable => variable.Identifier.Text,
        ParameterSyntax parameter => parameter.Identifier.Text,
        EnumMemberDeclarationSyntax member => member.Identifier.Text,
        ForEachStatementSyntax loop => loop.Identifier.Text,
        _ => "",
    });

    [GeneratedRegex("^[A-Z]")]
    private static partial Regex ConstantName();

    [GeneratedRegex("^[A-Z]")]
    private static partial Regex AnyName();

    [GeneratedRegex("^[st]_[a-z]")]
    private static partial Regex StaticName();

    [GeneratedRegex("^_[a-z]")]
    private static partial Regex InstanceName();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex Words();

    [GeneratedRegex("^[A-Z0-9][A-Za-z0-9]*_[A-Z0-9][A-Za-z0-9]*_[A-Z0-9][A-Za-z0-9]*$")]
    private static partial Regex ThreeParts();

    [GeneratedRegex(@"\w+(?=<|$)")]
    private static partial Regex SimpleName();
}
