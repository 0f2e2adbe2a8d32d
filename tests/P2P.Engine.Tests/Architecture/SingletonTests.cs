using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace P2P.Engine.Tests.Architecture;

/// <summary>The engine has no mutable statics: two engines in one process share nothing.</summary>
public sealed class SingletonTests
{
    [Fact]
    public void Engine_StaticFields_AreConstants() => Assert.Empty(MutableStatics(typeof(TorrentEngine).Assembly.GetTypes()));

    [Fact]
    public void MutableStatics_ForgedType_NamesEachField() => Assert.Equal(
        ["Forged.Changeable", "Forged.Collected", "Forged.Guard", "Forged.Shared"], MutableStatics([typeof(Forged)]));

    private static string[] MutableStatics(IEnumerable<Type> types) =>
        [.. from type in types
            where !IsGenerated(type)
            from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where !field.IsLiteral && !field.Name.StartsWith("<>", StringComparison.Ordinal) && (!field.IsInitOnly || IsMutable(field.FieldType))
            where !IsReadOnlyProperty(type, field)
            orderby type.Name, field.Name
            select $"{type.Name}.{field.Name}"];

    /// <summary>Lambdas' caches and switch tables: the compiler's own, written once.</summary>
    private static bool IsGenerated(Type type) =>
        type.Name.Contains('<', StringComparison.Ordinal) || (type.DeclaringType is { } outer && IsGenerated(outer))
        || (type.IsDefined(typeof(CompilerGeneratedAttribute)) && type.Namespace is null);

    private static bool IsReadOnlyProperty(Type type, FieldInfo field) =>
        field is { IsInitOnly: true, Name: ['<', ..] }
        && type.GetProperty(field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)], BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)?.SetMethod is null
        && !IsMutable(field.FieldType);

    /// <summary>Collections that can change, and objects whose only use is shared change. Arrays pass: the language has no other constant table.</summary>
    private static bool IsMutable(Type type) =>
        type == typeof(StringBuilder) || type == typeof(Random) || type == typeof(Lock) || type == typeof(object) || type == typeof(SemaphoreSlim)
        || (!type.IsArray && type.Namespace is "System.Collections.Generic" or "System.Collections.Concurrent" or "System.Collections"
            && typeof(IEnumerable).IsAssignableFrom(type) && !type.Name.StartsWith("IReadOnly", StringComparison.Ordinal));

    private static class Forged
    {
        public const int Fixed = 1;
        public static readonly string Text = "";
        public static readonly byte[] Table = [1];
        public static readonly List<int> Collected = [];
        public static readonly Lock Guard = new();
        public static readonly Random Shared = new(1);
        public static int Changeable = Fixed;

        public static string Property { get; } = Text;
    }
}
