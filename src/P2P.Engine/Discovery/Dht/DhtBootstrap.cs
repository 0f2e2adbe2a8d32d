using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>The nodes asked first when we know none: which is tried when, and what came of it (D22). Pure: it is told the time.</summary>
internal sealed class DhtBootstrap
{
    /// <summary>Pause after the first try; doubles to <see cref="LongestMs"/> whatever came of it, since it is tried only while we know too few.</summary>
    public const long FirstMs = 30_000;

    /// <summary>Longest pause: 1 h.</summary>
    public const long LongestMs = 3_600_000;

    /// <summary>Addresses of one name that are asked.</summary>
    public const int MaxAddresses = 8;

    private readonly List<Entry> _entries = [];

    /// <summary>For the page.</summary>
    public ImmutableArray<DhtBootstrapSnapshot> ToSnapshot() =>
        [.. _entries.Select(entry => new DhtBootstrapSnapshot(BootstrapNode.Shown(entry.Text), entry.Message))];

    /// <summary>Replaces the list; those that stay keep what came of them.</summary>
    public void Set(ImmutableArray<string> hosts)
    {
        var old = _entries.ToDictionary(entry => entry.Text, StringComparer.Ordinal);
        _entries.Clear();
        foreach (var text in (hosts.IsDefault ? [] : hosts).Distinct(StringComparer.Ordinal))
        {
            _entries.Add(old.GetValueOrDefault(text) ?? new Entry(text));
        }
    }

    /// <summary>The next host to resolve, which then counts as tried; null when none is due.</summary>
    public (string Text, string Host, int Port)? Next(long nowMs)
    {
        foreach (var entry in _entries.Where(entry => entry.IsReadable && nowMs >= entry.DueMs))
        {
            entry.PauseMs = entry.PauseMs == 0 ? FirstMs : Math.Min(LongestMs, entry.PauseMs * 2);
            entry.DueMs = nowMs + entry.PauseMs;
            entry.Message = "looking its name up";
            return (entry.Text, entry.Host, entry.Port);
        }

        return null;
    }

    /// <summary>We know nodes enough: should we lose them, the pauses begin anew.</summary>
    public void OnRich()
    {
        foreach (var entry in _entries.Where(entry => entry.PauseMs > 0))
        {
            entry.DueMs = entry.DueMs - entry.PauseMs + FirstMs;
            entry.PauseMs = 0;
        }
    }

    /// <summary>A name was looked up: the addresses to ask.</summary>
    public ImmutableArray<IPAddress> OnResolved(string text, IPAddress[] addresses)
    {
        ImmutableArray<IPAddress> usable = [.. addresses.Where(AddressScope.IsHost).Take(MaxAddresses)];
        if (Find(text) is { } entry)
        {
            (entry.Asked, entry.Answered) = (usable.Length, 0);
            entry.Message = usable.IsEmpty ? "its name leads nowhere" : "asked, no answer yet";
        }

        return usable;
    }

    /// <summary>A name could not be looked up.</summary>
    public void OnUnknown(string text, string why)
    {
        if (Find(text) is { } entry)
        {
            entry.Message = why;
        }
    }

    /// <summary>One of its addresses answered, or did not in time.</summary>
    public void OnOutcome(string text, bool hasAnswered)
    {
        if (Find(text) is { } entry)
        {
            entry.Answered += hasAnswered ? 1 : 0;
            entry.Message = entry.Answered == 0 ? "does not answer"
                : string.Create(CultureInfo.InvariantCulture, $"{entry.Answered} of {entry.Asked} addresses answered");
        }
    }

    private Entry? Find(string text) => _entries.Find(entry => entry.Text == text);

    private sealed class Entry
    {
        public Entry(string text)
        {
            Text = text;
            IsReadable = BootstrapNode.TryParse(text, out var host, out var port);
            (Host, Port) = (host, port);
            Message = IsReadable ? "not needed yet" : "is not written as host:port";
        }

        public string Text { get; }

        public string Host { get; }

        public int Port { get; }

        public bool IsReadable { get; }

        public long DueMs { get; set; }

        public long PauseMs { get; set; }

        public int Asked { get; set; }

        public int Answered { get; set; }

        public string Message { get; set; }
    }
}
