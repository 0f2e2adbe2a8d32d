using System.Reflection;
using System.Runtime.CompilerServices;
using P2P.Engine.Tests.TestVectors;
using Xunit;

namespace P2P.Engine.Tests.Architecture;

/// <summary>The engine's public surface equals the approved text beside this file; every change of it is seen in review.</summary>
/// <remarks>Run once with the environment variable P2P_APPROVE_PUBLIC_API=1 to write the text anew.</remarks>
public sealed class PublicApiTests
{
    private const BindingFlags Members = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // Every record and value type has these; they say nothing.
    private static readonly HashSet<string> Ordinary = ["Equals", "GetHashCode", "ToString", "Deconstruct", "<Clone>$", "op_Equality", "op_Inequality"];

    [Fact]
    public void Engine_PublicSurface_IsAsApproved()
    {
        var path = Path.Combine(RepositoryRoot.Find(), "tests", "P2P.Engine.Tests", "Architecture", "PublicApi.approved.txt");
        var actual = string.Concat(Describe(typeof(TorrentEngine).Assembly.GetExportedTypes()).Select(line => line + "\n"));
        if (Environment.GetEnvironmentVariable("P2P_APPROVE_PUBLIC_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual);
    }

    [Fact]
    public void Describe_KnownType_SaysEveryMember() => Assert.Equal(
        ["class P2P.Engine.TorrentEngineException : Exception", "    Nullable<Int64> Offset { get; init; }", "    String Code { get; }", "    new(String, String, Exception)"],
        Describe([typeof(TorrentEngineException)]));

    private static IEnumerable<string> Describe(IEnumerable<Type> types)
    {
        foreach (var type in types.OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            yield return $"{Kind(type)} {type.Namespace}.{Name(type)}{Parent(type)}";
            if (type.IsEnum)
            {
                yield return "    " + string.Join(", ", Enum.GetNames(type).Zip(Enum.GetValuesAsUnderlyingType(type).Cast<object>()).Select(pair => $"{pair.First} = {pair.Second}"));
                continue;
            }

            foreach (var line in type.GetMembers(Members).Where(IsTelling).Select(Describe).Order(StringComparer.Ordinal))
            {
                yield return "    " + line;
            }
        }
    }

    private static bool IsTelling(MemberInfo member) =>
        !Ordinary.Contains(member.Name) && member is not (Type or MethodInfo { IsSpecialName: true, Name: not ['o', 'p', '_', ..] })
        && !(member is ConstructorInfo constructor && constructor.GetParameters() is [var only] && only.ParameterType == member.DeclaringType);

    private static string Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        MethodInfo method => $"{Static(method)}{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
        PropertyInfo property => $"{Static(property.GetAccessors()[0])}{Name(property.PropertyType)} {property.Name} {{ {(property.CanRead ? "get; " : "")}{Setter(property)}}}",
        FieldInfo field => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        EventInfo changed => $"event {Name(changed.EventHandlerType!)} {changed.Name}",
        _ => member.Name,
    };

    private static string Setter(PropertyInfo property) => property.SetMethod is not { IsPublic: true } setter
        ? ""
        : setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; ";

    private static string Kind(Type type) => type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type.IsSealed || type.IsAbstract ? Modifier(type) : "class open";

    private static string Modifier(Type type) => type is { IsSealed: true, IsAbstract: true } ? "static class" : type.IsAbstract ? "abstract class" : "class";

    private static string Parent(Type type) => type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) ? $" : {Name(parent)}" : "";

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)));

    private static string Name(Type type)
    {
        var name = type.IsNested && !type.IsGenericParameter ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
