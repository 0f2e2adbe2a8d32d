using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace P2P.Engine.Simulation;

/// <summary>What happened in a world: lines of text, all of them in a running SHA-256, the last ones kept to be read.</summary>
internal sealed class WorldTrace : IDisposable
{
    /// <summary>Lines kept; all are hashed.</summary>
    private const int KeptLines = 400;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<string> _last = new();

    /// <summary>Lines written so far.</summary>
    public long Count { get; private set; }

    /// <summary>Also given every line, for a test that wants to see them all.</summary>
    public Action<string>? Sink { get; set; }

    /// <summary>The last lines, oldest first.</summary>
    public IEnumerable<string> Last => _last;

    /// <summary>SHA-256 over all lines so far, lower-case hex.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Adds a line.</summary>
    public void Write(long ticks, string who, string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{ticks} {who} {what}");
        Span<byte> bytes = stackalloc byte[512];
        if (Encoding.UTF8.TryGetBytes(line, bytes, out var length))
        {
            _hash.AppendData(bytes[..length]);
        }
        else
        {
            _hash.AppendData(Encoding.UTF8.GetBytes(line));
        }

        _hash.AppendData("\n"u8);
        Count++;
        _last.Enqueue(line);
        if (_last.Count > KeptLines)
        {
            _last.Dequeue();
        }

        Sink?.Invoke(line);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
