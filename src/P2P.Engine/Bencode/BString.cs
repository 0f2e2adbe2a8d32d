using System.Text;

namespace P2P.Engine.Bencode;

/// <summary>A string of bytes; often, but not always, UTF-8 text. Equality is by bytes.</summary>
internal sealed class BString(ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> raw) : BValue(raw), IEquatable<BString>
{
    /// <summary>The bytes without the length prefix.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>The bytes without the length prefix.</summary>
    public ReadOnlySpan<byte> Span => Value.Span;

    /// <inheritdoc/>
    public bool Equals(BString? other) => other is not null && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BString other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>The bytes as UTF-8 text, invalid ones as U+FFFD. Text from a stranger: cut and escape before showing.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Span);
}
