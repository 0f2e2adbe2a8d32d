namespace P2P.Engine.Storage;

/// <summary>Remembers which torrent owns which file, so that two never write into one (R-F04). Thread-safe.</summary>
internal sealed class PathClaims
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, object> _owners = new(StringComparer.Ordinal);

    /// <summary>Claims all paths, or none: then the first that another owns is returned.</summary>
    public string? TryClaim(object owner, IEnumerable<string> paths)
    {
        lock (_gate)
        {
            var wanted = paths.ToList();
            foreach (var path in wanted)
            {
                if (_owners.TryGetValue(path, out var other) && !ReferenceEquals(other, owner))
                {
                    return path;
                }
            }

            wanted.ForEach(p => _owners[p] = owner);
            return null;
        }
    }

    /// <summary>Gives up all paths of an owner.</summary>
    public void Release(object owner, IEnumerable<string> paths)
    {
        lock (_gate)
        {
            foreach (var path in paths)
            {
                if (_owners.TryGetValue(path, out var other) && ReferenceEquals(other, owner))
                {
                    _owners.Remove(path);
                }
            }
        }
    }
}
