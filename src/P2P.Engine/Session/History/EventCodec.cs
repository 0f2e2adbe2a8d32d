using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using P2P.Engine.Primitives;

namespace P2P.Engine.Session.History;

/// <summary>An event as a frame and back. Pure; reading never throws.</summary>
/// <remarks>
/// Shape: version 1, number, moment, kind, severity, category, 1 and 20 bytes of infohash or 0, sentence, count of arguments, then each: name,
/// kind, value (8 bytes), 1 and text or 0. Numbers and texts as in <see cref="FieldWriter"/>. An event has about 150 bytes.
/// </remarks>
internal static class EventCodec
{
    private const int Version = 1;
    private const int MaxSentence = 2_000;
    private const int MaxArguments = 24;
    private const int MaxName = 64;
    private const int MaxText = 1_000;

    /// <summary>The frame; texts are cut to their limits, arguments over the limit left out.</summary>
    public static byte[] Write(EngineEvent happened)
    {
        var frame = new FieldWriter().Byte(Version).Number(happened.Sequence).Number(happened.At.ToUnixTimeMilliseconds())
            .Byte((int)happened.Kind).Byte((int)happened.Severity).Byte((int)happened.Category);
        if (happened.Torrent is { } torrent)
        {
            frame.Byte(1).Raw(torrent.ToArray());
        }
        else
        {
            frame.Byte(0);
        }

        var arguments = happened.Arguments.IsDefault ? [] : happened.Arguments.AsSpan()[..Math.Min(MaxArguments, happened.Arguments.Length)];
        frame.Text(happened.Message, MaxSentence).Number(arguments.Length);
        foreach (var argument in arguments)
        {
            frame.Text(argument.Name, MaxName).Byte((int)argument.Kind).Signed(argument.Value).Byte(argument.Text is null ? 0 : 1);
            if (argument.Text is { } text)
            {
                frame.Text(text, MaxText);
            }
        }

        return frame.ToArray();
    }

    /// <summary>False when the frame is not an event of a version we know.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, [NotNullWhen(true)] out EngineEvent? happened)
    {
        happened = null;
        var fields = new FieldReader(frame);
        if (fields.Byte() != Version)
        {
            return false;
        }

        var (sequence, at, kind) = (fields.Number(), fields.Moment(), fields.Enum<EngineEventKind>());
        var (severity, category) = (fields.Enum<EngineEventSeverity>(), fields.Enum<EngineEventCategory>());
        var torrent = fields.Byte(max: 1) == 1 ? fields.Raw(InfoHash.Length) : [];
        var (sentence, count) = (fields.Text(MaxSentence), (int)fields.Number(MaxArguments));
        var arguments = ImmutableArray.CreateBuilder<DiagnosisArgument>(count);
        for (var i = 0; i < count && fields.IsGood; i++)
        {
            var (name, form, value) = (fields.Text(MaxName), fields.Enum<DiagnosisArgumentKind>(), fields.Signed());
            arguments.Add(new DiagnosisArgument(name, form, value, fields.Byte(max: 1) == 1 ? fields.Text(MaxText) : null));
        }

        happened = !fields.IsAtEnd ? null : new EngineEvent(at, kind, torrent.IsEmpty ? null : new InfoHash(torrent), sentence)
        {
            Sequence = sequence,
            Severity = severity,
            Category = category,
            Arguments = arguments.DrainToImmutable(),
        };
        return happened is not null;
    }
}
