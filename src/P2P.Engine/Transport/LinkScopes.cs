using System.Net;

namespace P2P.Engine.Transport;

/// <summary>Remembers behind which interface a link-local IPv6 address was heard: without that number the system cannot reach it.</summary>
/// <remarks>Thread-safe. A <see cref="Primitives.PeerEndpoint"/> has no room for the scope, and peers of other links never need one.</remarks>
internal sealed class LinkScopes
{
    /// <summary>Far above the neighbours of one link; a stranger who invents addresses makes us forget, and the next datagram teaches again.</summary>
    private const int MaxCount = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, long> _scopes = [];

    /// <summary>Remembers the interface of a sender; others than link-local IPv6 ones are ignored.</summary>
    public void Learn(IPAddress sender)
    {
        if (!sender.IsIPv6LinkLocal || sender.ScopeId == 0)
        {
            return;
        }

        var plain = WithScope(sender, 0);
        lock (_lock)
        {
            if (_scopes.Count >= MaxCount && !_scopes.ContainsKey(plain))
            {
                _scopes.Clear();
            }

            _scopes[plain] = sender.ScopeId;
        }
    }

    /// <summary>The endpoint with the interface it was heard behind; unchanged when none is needed or known.</summary>
    public IPEndPoint Complete(IPEndPoint endpoint)
    {
        if (!endpoint.Address.IsIPv6LinkLocal || endpoint.Address.ScopeId != 0)
        {
            return endpoint;
        }

        lock (_lock)
        {
            return _scopes.TryGetValue(endpoint.Address, out var scope)
                ? new IPEndPoint(WithScope(endpoint.Address, scope), endpoint.Port)
                : endpoint;
        }
    }

    private static IPAddress WithScope(IPAddress address, long scope)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return new IPAddress(bytes, scope);
    }
}
