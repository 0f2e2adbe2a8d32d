using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using LiteDB;

namespace P2P.Engine.Persistence;

/// <summary>What every document of the database is wrapped in: format version, revision and a checksum over all of it.</summary>
/// <remarks>
/// LiteDB has no page checksums: a flipped byte inside a document is read back without a word (limits study 5.3). Shape:
/// { _id, v: format version, r: revision, c: first 16 bytes of SHA-256(id, v, r, d), d: BSON of the content }. Unknown fields are ignored.
/// </remarks>
/// <param name="Id">Bytes of the key.</param>
/// <param name="Version">Format of <paramref name="Content"/>.</param>
/// <param name="Revision">The batch that wrote it; of two documents with one id the higher one is newer.</param>
/// <param name="Content">BSON, decoded by the collection's codec.</param>
internal sealed record DocumentEnvelope(byte[] Id, int Version, long Revision, byte[] Content)
{
    private const int ChecksumLength = 16;

    /// <summary>The document as stored.</summary>
    public BsonDocument ToDocument() => new()
    {
        ["_id"] = Id,
        ["v"] = Version,
        ["r"] = Revision,
        ["c"] = Checksum(),
        ["d"] = Content,
    };

    /// <summary>False when a field is missing, of the wrong type, or the checksum does not fit.</summary>
    public static bool TryRead(BsonDocument document, [NotNullWhen(true)] out DocumentEnvelope? envelope)
    {
        envelope = null;
        if (!document["_id"].IsBinary || !document["v"].IsInt32 || !document["r"].IsInt64 || !document["c"].IsBinary || !document["d"].IsBinary)
        {
            return false;
        }

        var read = new DocumentEnvelope(document["_id"].AsBinary, document["v"].AsInt32, document["r"].AsInt64, document["d"].AsBinary);
        if (!read.Checksum().AsSpan().SequenceEqual(document["c"].AsBinary))
        {
            return false;
        }

        envelope = read;
        return true;
    }

    private byte[] Checksum()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(numbers, Version);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[4..], Revision);
        hash.AppendData(Id);
        hash.AppendData(numbers);
        hash.AppendData(Content);
        return hash.GetHashAndReset()[..ChecksumLength];
    }
}
