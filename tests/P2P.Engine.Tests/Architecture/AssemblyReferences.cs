using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace P2P.Engine.Tests.Architecture;

/// <summary>Every mention of one type of an assembly by another: bases, interfaces, fields, signatures, locals and instructions.</summary>
/// <remarks>Read from the compiled file, so that an alias or a global using hides nothing. Constants are inlined and leave no trace.</remarks>
internal sealed class AssemblyReferences : ISignatureTypeProvider<bool, object?>
{
    private static readonly Dictionary<ushort, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (ushort)code.Value);

    private readonly MetadataReader _reader;
    private readonly PEReader _file;
    private readonly HashSet<TypeReference> _found = [];
    private string _from = "";

    private AssemblyReferences(PEReader file)
    {
        _file = file;
        _reader = file.GetMetadataReader();
    }

    /// <summary>The references inside one assembly file; nested types count as their outermost.</summary>
    public static IReadOnlySet<TypeReference> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var references = new AssemblyReferences(file);
        foreach (var handle in references._reader.TypeDefinitions)
        {
            references.Visit(handle);
        }

        return references._found;
    }

    private void Visit(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        _from = NameOf(handle);
        Add(type.BaseType);
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            Add(_reader.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var parameter in type.GetGenericParameters())
        {
            Constraints(parameter);
        }

        foreach (var field in type.GetFields())
        {
            _reader.GetFieldDefinition(field).DecodeSignature(this, null);
        }

        foreach (var attribute in type.GetCustomAttributes())
        {
            Add(_reader.GetCustomAttribute(attribute).Constructor);
        }

        foreach (var method in type.GetMethods())
        {
            Visit(_reader.GetMethodDefinition(method));
        }
    }

    private void Visit(MethodDefinition method)
    {
        method.DecodeSignature(this, null);
        foreach (var parameter in method.GetGenericParameters())
        {
            Constraints(parameter);
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(this, null);
        }

        foreach (var region in body.ExceptionRegions)
        {
            Add(region.CatchType);
        }

        Instructions(body.GetILReader());
    }

    private void Instructions(BlobReader code)
    {
        while (code.RemainingBytes > 0)
        {
            ushort value = code.ReadByte();
            value = value == 0xFE ? (ushort)(0xFE00 | code.ReadByte()) : value;
            switch (OpCodesByValue[value].OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineSwitch:
                    var targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private void Constraints(GenericParameterHandle parameter)
    {
        foreach (var constraint in _reader.GetGenericParameter(parameter).GetConstraints())
        {
            Add(_reader.GetGenericParameterConstraint(constraint).Type);
        }
    }

    private void Add(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _found.Add(new TypeReference(_from, NameOf((TypeDefinitionHandle)handle)));
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                break;
            case HandleKind.MethodDefinition:
                Add(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Add(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Add(_reader.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                var method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                Add(method.Method);
                method.DecodeSignature(this, null);
                break;
        }
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        var outer = type.GetDeclaringType();
        return outer.IsNil ? $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}" : NameOf(outer);
    }

    bool ISignatureTypeProvider<bool, object?>.GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte kind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, context);

    bool ISimpleTypeProvider<bool>.GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind)
    {
        Add(handle);
        return true;
    }

    bool ISimpleTypeProvider<bool>.GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) => true;

    bool ISimpleTypeProvider<bool>.GetPrimitiveType(PrimitiveTypeCode code) => true;

    bool ISZArrayTypeProvider<bool>.GetSZArrayType(bool element) => true;

    bool IConstructedTypeProvider<bool>.GetArrayType(bool element, ArrayShape shape) => true;

    bool IConstructedTypeProvider<bool>.GetByReferenceType(bool element) => true;

    bool IConstructedTypeProvider<bool>.GetPointerType(bool element) => true;

    bool IConstructedTypeProvider<bool>.GetGenericInstantiation(bool generic, ImmutableArray<bool> arguments) => true;

    bool ISignatureTypeProvider<bool, object?>.GetFunctionPointerType(MethodSignature<bool> signature) => true;

    bool ISignatureTypeProvider<bool, object?>.GetGenericMethodParameter(object? context, int index) => true;

    bool ISignatureTypeProvider<bool, object?>.GetGenericTypeParameter(object? context, int index) => true;

    bool ISignatureTypeProvider<bool, object?>.GetModifiedType(bool modifier, bool type, bool isRequired) => true;

    bool ISignatureTypeProvider<bool, object?>.GetPinnedType(bool element) => true;
}
