using Microsoft.CodeAnalysis.CSharp.Syntax;
using Mono.Cecil;

namespace LayerStream.Architecture.Tests;

public sealed class NamespaceTests
{
    [Fact]
    public void SourceFile_InFolder_HasItsNamespace() => HouseRule.FolderIsNamespace.Check(
        from file in SourceFile.Program
        let folder = Path.GetDirectoryName(file.Path)!.Replace('\\', '/')
        let expected = "LayerStream." + folder["src/".Length..].Replace('/', '.')
        from stated in file.Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Select(n => n.Name.ToString())
        where stated != expected
        select (file.Path, $"{stated} instead of {expected}"));

    [Fact]
    public void Namespaces_OfAProject_FormNoCycle() => HouseRule.NoNamespaceCycle.Check(CompiledCode.Modules.SelectMany(CycleEdges));

    [Theory]
    [InlineData("LayerStream.Host.Server", "LayerStream.Host.Verbs")]
    [InlineData("LayerStream.Host.Verbs", "LayerStream.Host.Server")]
    [InlineData("LayerStream.Models.Spec", "LayerStream.Models.Decoding")]
    public void Namespace_BesideAnother_NeverNamesIt(string one, string other)
    {
        string[] named = [.. from module in CompiledCode.Modules from type in CompiledCode.Types(module) where IsIn(type, one)
            from part in CompiledCode.Named(type) where IsIn(part, other) select $"{type.FullName} names {part.FullName}"];
        Assert.Equal([], named.Distinct());
        Assert.Contains(CompiledCode.Modules.SelectMany(CompiledCode.Types), t => IsIn(t, one));
        Assert.Contains(CompiledCode.Modules.SelectMany(CompiledCode.Types), t => IsIn(t, other));
    }

    private static bool IsIn(TypeReference type, string space) =>
        $"{CompiledCode.NamespaceOf(type)}.".StartsWith(space + ".", StringComparison.Ordinal);

    /// <summary>The arrows between namespaces of a module that lie on a cycle, each with a type that draws it.</summary>
    private static IEnumerable<(string Subject, string Detail)> CycleEdges(ModuleDefinition module)
    {
        Dictionary<string, Dictionary<string, string>> arrows = [];
        foreach (TypeDefinition type in CompiledCode.Types(module))
        {
            string from = CompiledCode.NamespaceOf(type);
            foreach (TypeReference part in CompiledCode.Named(type)
                .Where(p => p is TypeDefinition && CompiledCode.IsOurs(CompiledCode.NamespaceOf(p))))
            {
                string to = CompiledCode.NamespaceOf(part);
                if (from != to)
                {
                    arrows.TryAdd(from, []);
                    arrows[from].TryAdd(to, $"{type.Name} names {part.Name}");
                }
            }
        }

        return from start in arrows.Keys
               from end in arrows[start].Keys
               where Reaches(arrows, end, start)
               select ($"{start} → {end}", arrows[start][end]);
    }

    private static bool Reaches(Dictionary<string, Dictionary<string, string>> arrows, string from, string to)
    {
        HashSet<string> seen = [from];
        Queue<string> pending = new(seen);
        while (pending.TryDequeue(out string? at) && at != to)
        {
            foreach (string next in arrows.GetValueOrDefault(at, []).Keys.Where(seen.Add))
            {
                pending.Enqueue(next);
            }
        }

        return seen.Contains(to);
    }
}
