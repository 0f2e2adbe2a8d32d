namespace P2P.Engine.Swarm;

/// <summary>What became of a block that arrived.</summary>
internal enum BlockArrival
{
    /// <summary>Kept.</summary>
    Accepted,

    /// <summary>Kept, and it was the last one: the piece is complete and busy until it is verified or not.</summary>
    CompletesPiece,

    /// <summary>It is here already.</summary>
    Duplicate,

    /// <summary>No block we would ask for, or of a piece nobody wants.</summary>
    NotWanted,
}
