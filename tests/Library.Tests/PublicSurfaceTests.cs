using System.Reflection;
using System.Text;
using LayerStream.Engine;
using LayerStream.Extensions.AI;

namespace LayerStream.Library.Tests;

/// <summary>What others build on changes only on purpose: LAYERSTREAM_WRITE_DOCS=1 writes the files anew.</summary>
public sealed class PublicSurfaceTests
{
    [Theory]
    [InlineData(typeof(LanguageModel))]
    [InlineData(typeof(ModelChatClient))]
    public void Surface_OfAPackage_IsAsApproved(Type member)
    {
        string file = Path.Combine(LoadedOnce.Repository, "tests/Library.Tests/surface", member.Assembly.GetName().Name + ".txt");
        string surface = Describe(member.Assembly);
        if (Environment.GetEnvironmentVariable("LAYERSTREAM_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, surface);
        }

        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), surface);
    }

    private static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
                : type.IsAbstract && type.IsSealed ? "static class" : type.GetMethod("<Clone>$") is not null ? "record" : "class";
            string parents = string.Join(", ", type.GetInterfaces().Where(i => !i.IsGenericType).Select(Name).Order());
            text.Append($"{(type.IsSealed && kind is "class" or "record" ? "sealed " : "")}{kind} {Name(type)}");
            text.Append(parents.Length == 0 || type.IsEnum ? "\n" : $" : {parents}\n");
            const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (string member in type.GetMembers(own).Select(Line).OfType<string>().Distinct().Order(StringComparer.Ordinal))
            {
                text.Append($"    {member}\n");
            }
        }

        return text.ToString();
    }

    private static string? Line(MemberInfo member) => member switch
    {
        MethodInfo { IsSpecialName: true } => null,
        MethodInfo { Name: "<Clone>$" or "Equals" or "GetHashCode" or "ToString" or "Deconstruct" } => null,
        MethodInfo m => $"{(m.IsStatic ? "static " : "")}{Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        ConstructorInfo c => $"new({Parameters(c)})",
        PropertyInfo p => $"{Name(p.PropertyType)} {p.Name} {{ {(p.CanRead ? "get; " : "")}{Setter(p)}}}",
        FieldInfo { IsLiteral: true } f => $"{f.Name} = {f.GetRawConstantValue()}",
        _ => null,
    };

    private static string Setter(PropertyInfo p) => p.SetMethod is not { IsPublic: true } set ? ""
        : set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "init; " : "set; ";

    private static string Parameters(MethodBase m) =>
        string.Join(", ", m.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? " = default" : "")}"));

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
}
