using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LayerStream.Architecture.Tests;

/// <summary>What the compiler made of the projects: which type names which other one, in signatures, attributes and method
/// bodies.</summary>
internal static class CompiledCode
{
    private static readonly Lazy<IReadOnlyList<ModuleDefinition>> s_modules = new(() =>
        [.. Repository.Projects.Select(p =>
            ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, Repository.Assembly(p) + ".dll")))]);

    internal static IReadOnlyList<ModuleDefinition> Modules => s_modules.Value;

    /// <summary>Types of our own namespaces; those that a compiler or a generator adds elsewhere are not ours.</summary>
    internal static IEnumerable<TypeDefinition> Types(ModuleDefinition module) => module.GetTypes().Where(t => IsOurs(NamespaceOf(t)));

    internal static bool IsOurs(string name) => name.StartsWith("LayerStream.", StringComparison.Ordinal);

    internal static string NamespaceOf(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.Namespace;
    }

    /// <summary>Every type that this one names; nested types answer for themselves.</summary>
    internal static IEnumerable<TypeReference> Named(TypeDefinition type)
    {
        IEnumerable<TypeReference?> direct =
        [
            type.BaseType, .. type.Interfaces.Select(i => i.InterfaceType), .. Attributes(type), .. Constraints(type),
            .. type.Fields.SelectMany(f => Attributes(f).Append(f.FieldType)), .. type.Properties.SelectMany(Attributes),
            .. type.Methods.SelectMany(Signature), .. type.Methods.SelectMany(Body),
        ];
        return direct.SelectMany(Parts);
    }

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider member) => member.HasCustomAttributes
        ? member.CustomAttributes.Select(a => a.AttributeType) : [];

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider member) =>
        member.GenericParameters.SelectMany(p => p.Constraints.Select(c => c.ConstraintType));

    private static IEnumerable<TypeReference> Signature(MethodDefinition method) =>
        [method.ReturnType, .. method.Parameters.Select(p => p.ParameterType), .. Attributes(method), .. Constraints(method)];

    private static IEnumerable<TypeReference?> Body(MethodDefinition method) => !method.HasBody ? [] :
        method.Body.Variables.Select(v => v.VariableType).Concat(method.Body.ExceptionHandlers.Select(h => h.CatchType))
            .Concat(method.Body.Instructions.SelectMany(Operand));

    private static IEnumerable<TypeReference?> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [method.DeclaringType, method.ReturnType, .. method.GenericArguments,
            .. method.Parameters.Select(p => p.ParameterType)],
        MethodReference method => [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(p => p.ParameterType)],
        _ => [],
    };

    private static IEnumerable<TypeReference> Parts(TypeReference? type)
    {
        Stack<TypeReference?> pending = new([type]);
        while (pending.TryPop(out TypeReference? part))
        {
            switch (part)
            {
                case null or GenericParameter:
                    break;
                case GenericInstanceType generic:
                    generic.GenericArguments.ToList().ForEach(pending.Push);
                    pending.Push(generic.ElementType);
                    break;
                case FunctionPointerType pointer:
                    pointer.Parameters.ToList().ForEach(p => pending.Push(p.ParameterType));
                    pending.Push(pointer.ReturnType);
                    break;
                case TypeSpecification made:
                    pending.Push(made.ElementType);
                    break;
                default:
                    yield return part;
                    break;
            }
        }
    }
}
