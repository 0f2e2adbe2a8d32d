using System.Collections.Immutable;
using CsCheck;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

/// <summary>The table of diagnoses: one row for each condition, and one answer for any facts.</summary>
public sealed class DiagnosisTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 13, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, DiagnosisRemedy, string> Conditions => new()
    {
        { "DiskFull", DiagnosisRemedy.ChooseFolder, "Stopped: the disk is full (needs 1.2 GiB, 310 MiB free)." },
        { "DiskFull unmeasured", DiagnosisRemedy.ChooseFolder, "Stopped: the disk is full." },
        { "FilesMissing", DiagnosisRemedy.Recheck, "Files are not where they were: /srv/dl/x." },
        { "Error of a place", DiagnosisRemedy.ChooseFolder, "Access to '/srv' is denied." },
        { "Error", DiagnosisRemedy.Start, "The disk broke." },
        { "Queued", DiagnosisRemedy.StartNow, "Number 3 in the queue (2 of 2 running)." },
        { "NotStarted", DiagnosisRemedy.Start, "Not started yet." },
        { "Stopped", DiagnosisRemedy.Start, "Stopped by you." },
        { "Resuming", DiagnosisRemedy.Recheck, "Restoring: trusting 1,204 checked pieces." },
        { "Checking", DiagnosisRemedy.None, "Checking again, as asked: 34 % of 1,206 pieces, 210 MB/s." },
        { "Checking, looking", DiagnosisRemedy.None, "Looking at the files." },
        { "StateNotSaved", DiagnosisRemedy.SeeLog, "It goes on, but what it does cannot be saved: the data folder is full." },
        { "Finishing", DiagnosisRemedy.None, "Finishing: making everything durable and moving it to the shared folder." },
        { "MetadataReady", DiagnosisRemedy.None, "The metadata is here; preparing the download." },
        { "SeedingAlone", DiagnosisRemedy.None, "Seeding, no peer is connected at the moment." },
        { "NoInterest", DiagnosisRemedy.None, "Seeding, nobody is asking at the moment." },
        { "Seeding", DiagnosisRemedy.None, "Seeding to 2 peers of 5." },
        { "Connecting", DiagnosisRemedy.SeePeers, "Connecting: 12 peers known, none connected yet." },
        { "TrackerErrorNoPeers", DiagnosisRemedy.AnnounceNow, "No peers: the tracker fails (not registered). Next try in 4 minutes." },
        { "AllConnectionsFailing", DiagnosisRemedy.SeePeers, "None of 12 known peers could be reached. Next try within a minute." },
        { "WaitingForTracker, asked", DiagnosisRemedy.None, "No peer is known yet: waiting for the tracker to answer." },
        { "WaitingForTracker, planned", DiagnosisRemedy.AnnounceNow, "No peer is known yet; the tracker is asked again in 4 minutes." },
        { "NoPeersKnown", DiagnosisRemedy.AddPeers, "Waiting: no peer is known yet." },
        { "NoPeersKnown, metadata", DiagnosisRemedy.AddPeers, "Looking for peers that have the metadata; none is known yet." },
        { "FetchingMetadata", DiagnosisRemedy.None, "Fetching the metadata: 16 of 21 KiB from 1 peer." },
        { "NoMetadata", DiagnosisRemedy.SeePeers, "Asking 6 peers for the file list; none offers it yet." },
        { "Stalled", DiagnosisRemedy.SeePieces, "Stalled: 3 peers connected, none has a piece we miss." },
        { "AllChoked", DiagnosisRemedy.SeeChoking, "Waiting: 12 peers connected, none lets you download yet." },
        { "NotAvailable", DiagnosisRemedy.SeePieces, "1,204 of 1,206 pieces exist in the swarm; 2 are on no connected peer." },
        { "RateLimited", DiagnosisRemedy.ChangeLimit, "Held at your 500 kB/s limit; 3 of 7 peers would give more." },
        { "Normal", DiagnosisRemedy.None, "Downloading from 7 of 23 peers, uploading to 4." },
    };

    private static Gen<TrackerSnapshot> Trackers { get; } =
        from state in Gen.Enum<TrackerState>()
        from message in Gen.String
        from seconds in Gen.Int[-10_000, 10_000]
        from isPlanned in Gen.Bool
        select new TrackerSnapshot { Url = "x", State = state, Message = message, NextAnnounceAt = isPlanned ? Now.AddSeconds(seconds) : null };

    private static Gen<DiskError?> Errors { get; } = Gen.OneOf(
        Gen.Const((DiskError?)null), Error(new("disk.full", "Full.", true)), Error(new("disk.full", "", true) { NeededBytes = long.MaxValue, FreeBytes = 0 }),
        Error(new("disk.missing", "Gone.", true)), Error(new("disk.missing", "", true)), Error(new("", "", false)), Error(new("path.too_long", "Long.", false)));

    private static Gen<DiskError?> Error(DiskError error) => Gen.Const((DiskError?)error);

    // Every int field at random, negative and huge ones too: the table must stand whatever it is told.
    private static Gen<DiagnosisFacts> Facts { get; } =
        from state in Gen.Enum<TorrentState>()
        from error in Errors
        from text in Gen.OneOf(Gen.Const((string?)null), Gen.String.Select(text => (string?)text))
        from flags in Gen.Bool.Array[4]
        from n in Gen.OneOf(Gen.Int[0, 3], Gen.Int[0, 2000], Gen.Int).Array[20]
        from rates in Gen.Long.Array[3]
        from trackers in Trackers.Array[0, 4]
        select new DiagnosisFacts
        {
            State = state,
            Now = Now,
            Error = error,
            StateError = flags[0] ? text : null,
            StoppedAt = flags[1] ? Now : null,
            CheckPurpose = text,
            IsNew = flags[2],
            IsComplete = flags[3],
            IsLimited = flags[0],
            HasMetadata = flags[1],
            QueuePlace = n[0],
            QueueRunning = n[1],
            QueueSlots = n[2],
            CheckedPieces = n[3],
            PiecesToCheck = n[4],
            TrustedPieces = n[5],
            Peers = n[6],
            Interesting = n[7],
            Giving = n[8],
            Served = n[9],
            KnownPeers = n[10],
            Reach = new PeerReach(n[11], n[12], rates[0]),
            Pieces = n[13],
            MissingEverywhere = n[14],
            MetadataReceived = n[15],
            MetadataSize = n[16],
            MetadataOffers = n[17],
            CheckRate = rates[1],
            DownloadLimit = rates[2],
            Trackers = [.. trackers],
        };

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Of_Condition_SaysItsCodeSentenceAndRemedy(string condition, DiagnosisRemedy remedy, string sentence)
    {
        var diagnosis = DiagnosisTable.Of(FactsOf(condition));

        Assert.Equal(condition.Split(' ', ',')[0], diagnosis.Code.ToString());
        Assert.Equal((remedy, sentence), (diagnosis.Remedy, diagnosis.Sentence));
    }

    [Fact]
    public void Moving_AndGivenEnough_SayWhereAndWhy()
    {
        var moving = DiagnosisTable.Of(new DiagnosisFacts { State = TorrentState.Downloading, Now = Now, IsComplete = true, MoveTo = "/srv/b", MovedBytes = 34L << 20, WantedBytes = 100L << 20 });
        Assert.Equal((DiagnosisCode.Moving, "Moving the files to /srv/b: 34 % (34 MiB of 100 MiB)."), (moving.Code, moving.Sentence));
        var enough = DiagnosisTable.GivenEnough("ratio");
        Assert.Equal((DiagnosisCode.ShareLimitReached, DiagnosisRemedy.Start, "Stopped: it has given enough, its ratio limit is reached."), (enough.Code, enough.Remedy, enough.Sentence));
        Assert.Equal("Number 2 in the queue (3 of 3 running).", DiagnosisTable.Queue(2, 3, 3).Sentence);
    }

    [Fact]
    public void Conditions_Always_CoverEveryCode() => Assert.Equal(
        Enum.GetNames<DiagnosisCode>().Except([nameof(DiagnosisCode.Moving), nameof(DiagnosisCode.ShareLimitReached)]).Order(), Conditions.Select(row => row.Data.Item1.Split(' ', ',')[0]).Distinct().Order());

    [Fact]
    public void Of_AnyFacts_AnswersOnceAndTheSame() => Facts.Sample(facts =>
    {
        var (first, second) = (DiagnosisTable.Of(facts), DiagnosisTable.Of(facts));
        Assert.False(string.IsNullOrWhiteSpace(first.Sentence));
        Assert.False(first.Arguments.IsDefault);
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.Equal(first.Arguments.Length, first.Arguments.Select(argument => argument.Name).Distinct().Count());
        Assert.All(first.Arguments, argument => Assert.Equal(argument.Kind == DiagnosisArgumentKind.Text, argument.Text is not null));
    });

    [Fact]
    public void Of_TimePasses_ChangesAtMostOnceAMinute()
    {
        var facts = FactsOf("TrackerErrorNoPeers");
        var sentences = Enumerable.Range(0, 239).Select(second => DiagnosisTable.Of(facts with { Now = Now.AddSeconds(second) })).ToArray();

        Assert.Equal(4, sentences.Distinct().Count());
        Assert.Equal(Now.AddMinutes(4), sentences[0].Arguments[1].At);
    }

    [Fact]
    public void Equals_OtherArgument_IsAnotherDiagnosis()
    {
        var one = DiagnosisTable.Of(FactsOf("Stopped"));

        Assert.NotEqual(one, DiagnosisTable.Of(FactsOf("Stopped") with { StoppedAt = Now.AddSeconds(1) }));
        Assert.Equal(Now, one.Arguments[0].At);
    }

    private static DiagnosisFacts FactsOf(string condition)
    {
        var fetching = new DiagnosisFacts { State = TorrentState.Downloading, Now = Now, Pieces = 1206 };
        var transferring = fetching with { Peers = 23, Interesting = 9, Giving = 7, Served = 4, KnownPeers = 40 };
        var failing = new TrackerSnapshot { Url = "x", State = TrackerState.Failing, Message = "not registered", NextAnnounceAt = Now.AddMinutes(4) };
        return condition switch
        {
            "DiskFull" => Failed(new DiskError("disk.full", "Full.", true) { NeededBytes = 1_288_490_189, FreeBytes = 310 << 20 }),
            "DiskFull unmeasured" => Failed(new DiskError("disk.full", "Full.", true)),
            "FilesMissing" => Failed(new DiskError("disk.missing", "Gone.", true) { Path = "/srv/dl/x" }),
            "Error of a place" => Failed(new DiskError("disk.denied", "Access to '/srv' is denied.", true)),
            "Error" => Failed(new DiskError("disk.io", "The disk broke.", false)),
            "Queued" => fetching with { State = TorrentState.Queued, QueuePlace = 3, QueueRunning = 2, QueueSlots = 2 },
            "NotStarted" => fetching with { State = TorrentState.Stopped, IsNew = true },
            "Stopped" => fetching with { State = TorrentState.Stopped, IsNew = true, StoppedAt = Now },
            "Resuming" => fetching with { State = TorrentState.Checking, TrustedPieces = 1204 },
            "Checking" => fetching with { State = TorrentState.Checking, CheckPurpose = "Checking again, as asked", CheckedPieces = 412, PiecesToCheck = 1206, CheckRate = 210_000_000 },
            "Checking, looking" => fetching with { State = TorrentState.Checking },
            "StateNotSaved" => transferring with { StateError = "the data folder is full." },
            "Finishing" => fetching with { IsComplete = true },
            "MetadataReady" => fetching with { State = TorrentState.Metadata, HasMetadata = true },
            "SeedingAlone" => fetching with { State = TorrentState.Seeding, IsComplete = true },
            "NoInterest" => fetching with { State = TorrentState.Seeding, IsComplete = true, Peers = 5 },
            "Seeding" => fetching with { State = TorrentState.Seeding, IsComplete = true, Peers = 5, Served = 2 },
            "Connecting" => fetching with { KnownPeers = 12, Reach = new PeerReach(12, 3, 0), Trackers = [failing] },
            "TrackerErrorNoPeers" => fetching with { Trackers = [failing, failing with { State = TrackerState.Unusable, Message = "wrong scheme" }] },
            "AllConnectionsFailing" => fetching with { KnownPeers = 12, Reach = new PeerReach(12, 12, 14_000), Trackers = [failing, failing with { State = TrackerState.Working }] },
            "WaitingForTracker, asked" => fetching with { Trackers = [failing, failing with { State = TrackerState.Announcing }] },
            "WaitingForTracker, planned" => fetching with { Trackers = [failing with { State = TrackerState.Working }] },
            "NoPeersKnown" => fetching,
            "NoPeersKnown, metadata" => fetching with { State = TorrentState.Metadata },
            "FetchingMetadata" => fetching with { State = TorrentState.Metadata, Peers = 6, MetadataReceived = 16_384, MetadataSize = 21_000, MetadataOffers = 1 },
            "NoMetadata" => fetching with { State = TorrentState.Metadata, Peers = 6 },
            "Stalled" => fetching with { Peers = 3, MissingEverywhere = 2 },
            "AllChoked" => fetching with { Peers = 12, Interesting = 12, MissingEverywhere = 2 },
            "NotAvailable" => transferring with { MissingEverywhere = 2, IsLimited = true, DownloadLimit = 500_000 },
            "RateLimited" => transferring with { Peers = 7, Giving = 3, IsLimited = true, DownloadLimit = 500_000 },
            _ => transferring,
        };

        static DiagnosisFacts Failed(DiskError error) => new() { State = TorrentState.Error, Now = Now, Error = error };
    }
}
