using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>What a torrent knows of one connected peer: the four choke and interest bits, its pieces, what is asked for both ways, rates.</summary>
/// <remarks>Loop only.</remarks>
internal sealed class PeerState(int id, PeerConnection connection, int pieceCount, long nowMs, DateTimeOffset connectedAt)
{
    /// <summary>Names the peer to the policies; unique in one run of the torrent.</summary>
    public int Id { get; } = id;

    public PeerConnection Connection { get; } = connection;

    /// <summary>Where to reach it: for an incoming peer the port is the one it told us, once it did.</summary>
    public PeerEndpoint Endpoint { get; set; } = connection.Handshake.Remote;

    public string Client { get; set; } = connection.Handshake.PeerId.ClientName();

    public bool HasFast => Connection.Handshake.SupportsFast;

    public long ConnectedAtMs { get; } = nowMs;

    public DateTimeOffset ConnectedAt { get; } = connectedAt;

    public bool AmChoking { get; set; } = true;

    public bool AmInterested { get; set; }

    public bool IsChoking { get; set; } = true;

    public bool IsInterested { get; set; }

    /// <summary>Pieces the peer has.</summary>
    public Bitfield Have { get; } = new(pieceCount);

    /// <summary>It said which pieces it has (bitfield, have-all, have-none), or something that must come after.</summary>
    public bool SaidPieces { get; set; }

    /// <summary>It told that it only uploads (BEP 21) or has everything.</summary>
    public bool IsUploadOnly { get; set; }

    public bool IsSeed => Have.IsFull || IsUploadOnly;

    /// <summary>Wanted pieces it has and we miss: we are interested while this is above zero.</summary>
    public int InterestingPieces { get; set; }

    /// <summary>Blocks we asked it for, oldest first.</summary>
    public List<BlockRef> Requests { get; } = [];

    public RequestWindow Window { get; } = new();

    /// <summary>Blocks it asked for and we have not begun to read, oldest first.</summary>
    public LinkedList<BlockRef> UploadQueue { get; } = new();

    /// <summary>Blocks being read for it.</summary>
    public HashSet<BlockRef> Reading { get; } = [];

    /// <summary>Its number for ut_metadata; 0 while it does not speak it.</summary>
    public byte MetadataSubId { get; set; }

    /// <summary>Parts of the info dictionary given to it.</summary>
    public int MetadataPartsServed { get; set; }

    /// <summary>Metadata it sent unasked.</summary>
    public OffenceMeter UnaskedMetadata { get; } = new(16, 60_000);

    /// <summary>Exchange of peers with it.</summary>
    public ExchangePartner Exchange { get; } = new();

    /// <summary>Pieces it lets us ask for while choked (BEP 6).</summary>
    public HashSet<int> AllowedToUs { get; } = [];

    /// <summary>Pieces we let it ask for while choked (BEP 6), and how many blocks of each it had.</summary>
    public Dictionary<int, int> AllowedToThem { get; } = [];

    public RateMeter Received { get; } = new();

    public RateMeter Sent { get; } = new();

    public SlotKind Slot { get; private set; }

    public long LastUnchokedAtMs { get; set; } = nowMs;

    /// <summary>Strict tit-for-tat: we ask it for data.</summary>
    public bool IsSource { get; set; } = true;

    public DateTimeOffset SlotSince { get; private set; } = connectedAt;

    /// <summary>Payload in and out when it got its slot, or lost it.</summary>
    public (long Received, long Sent) AtSlot { get; private set; }

    public int InvalidRequests { get; set; }

    /// <summary>Blocks that nobody asked for and nobody needs: 16 in 60 s (limits: UnrequestedBlocks).</summary>
    public OffenceMeter UnrequestedBlocks { get; } = new(limit: 16, windowMs: 60_000);

    /// <summary>Changes of its mind, interest and choke: 100 in 60 s (limits: StateFlaps).</summary>
    public OffenceMeter StateFlaps { get; } = new(limit: 100, windowMs: 60_000);

    public int ChokedRequests { get; set; }

    public long ChokedAtMs { get; set; }

    public int BadPieces { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>It gets another slot, or loses the one it has.</summary>
    public void TakeSlot(SlotKind slot, DateTimeOffset at) => (Slot, SlotSince, AtSlot) = (slot, at, (Received.Total, Sent.Total));

    /// <summary>Tells the peer when our interest begins or ends.</summary>
    public void UpdateInterest()
    {
        var isInteresting = InterestingPieces > 0;
        if (AmInterested != isInteresting)
        {
            AmInterested = isInteresting;
            Connection.Send(new PeerMessage(isInteresting ? MessageId.Interested : MessageId.NotInterested));
        }
    }

    /// <summary>Takes a block out of <see cref="Requests"/>; peers answer in order, so the search ends at once as a rule.</summary>
    public bool TakeRequest(BlockRef block)
    {
        var index = Requests.IndexOf(block);
        if (index < 0)
        {
            return false;
        }

        Requests.RemoveAt(index);
        return true;
    }
}
