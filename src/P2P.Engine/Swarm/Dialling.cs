using P2P.Engine.Peers;

namespace P2P.Engine.Swarm;

/// <summary>Dials known endpoints within the permits, and keeps count. Loop only.</summary>
internal sealed class Dialling(SwarmLoop loop, TorrentContext context, PeerPool pool)
{
    /// <summary>Dials under way.</summary>
    public int Count { get; private set; }

    /// <summary>Dials while <paramref name="hasRoom"/> says so and somebody is worth dialling.</summary>
    public void DialMore(long nowMs, Func<bool> hasRoom)
    {
        while (hasRoom() && context.Permits.TryTakeDial())
        {
            if (!pool.TryNext(nowMs, out var endpoint))
            {
                context.Permits.EndDial(wasOpened: false);
                return;
            }

            Count++;
            context.Dialer.Dial(loop, endpoint);
        }
    }

    /// <summary>A dial came to nothing.</summary>
    public void OnFailed(TorrentCommand.DialFailed failed, long nowMs)
    {
        Count--;
        context.Permits.EndDial(wasOpened: false);
        if (failed.Reason.Code == "peer.self")
        {
            pool.Forget(failed.Endpoint);
        }
        else
        {
            pool.Note(failed.Endpoint, failed.Reason.Message);
            pool.OnDialFailed(failed.Endpoint, nowMs);
        }
    }

    /// <summary>A handshake succeeded; one that we dialled is no longer being dialled.</summary>
    public void OnJoined(HandshakeInfo handshake)
    {
        if (!handshake.IsIncoming)
        {
            Count--;
            context.Permits.EndDial(wasOpened: true);
        }
    }

    /// <summary>Lets go of a connection that is not wanted.</summary>
    public void Refuse(TorrentCommand.PeerJoined joined, long nowMs)
    {
        context.Permits.Release();
        joined.Connection.Dispose();
        pool.OnDialFailed(joined.Handshake.Remote, nowMs);
    }
}
